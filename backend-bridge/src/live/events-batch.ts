import { LiveBatch, type SnapshotRevisions, type Moment } from './live-batch';
import type { EventEntry, EventsAnswer } from '../domain/query-answer';

function replaces(entry: EventEntry, known: EventEntry): boolean {
  if (entry.revision !== known.revision) return entry.revision > known.revision;
  return entry.state === 'resolved' && known.state === 'open';
}

/** Changed events of one selection, the newest of each. */
export class EventsBatch extends LiveBatch<EventsBatch> {
  protected readonly type = 'events_update';
  private readonly events = new Map<string, EventEntry>();

  get size(): number {
    return this.events.size;
  }

  put(entry: EventEntry): void {
    const known = this.events.get(entry.id);
    if (known === undefined || replaces(entry, known)) this.events.set(entry.id, entry);
  }

  empty(): EventsBatch {
    return new EventsBatch();
  }

  merge(other: EventsBatch): number {
    const before = this.size;
    for (const entry of other.events.values()) this.put(entry);
    return this.size - before;
  }

  from(fromMs: number): EventsBatch {
    return this.only((entry) => entry.timeMs >= fromMs);
  }

  only(keep: (entry: EventEntry) => boolean): EventsBatch {
    const kept = [...this.events.values()].filter(keep);
    if (kept.length === this.events.size) return this;
    const part = new EventsBatch();
    for (const entry of kept) part.put(entry);
    return part;
  }

  protected encodeBody(moment: Moment): string {
    const events = [...this.events.values()].sort((a, b) => b.timeMs - a.timeMs).map(eventText);
    return `,"watermark_ms":${moment.watermarkMs ?? 'null'},"server_time_ms":${moment.serverTimeMs},"events":[${events.join(',')}]}`;
  }
}

export class EventsSnapshotRevisions implements SnapshotRevisions<EventsBatch> {
  private readonly events: Map<string, EventEntry>;

  constructor(answer: EventsAnswer) {
    this.events = new Map(answer.events.map((entry) => [entry.id, entry]));
  }

  newerThan(batch: EventsBatch): EventsBatch {
    return batch.only((entry) => {
      const known = this.events.get(entry.id);
      return known === undefined || replaces(entry, known);
    });
  }
}

export function eventText(entry: EventEntry): string {
  return JSON.stringify({
    id: entry.id,
    time_ms: entry.timeMs,
    end_ms: entry.endMs,
    first_seen_ms: entry.firstSeenMs,
    updated_ms: entry.updatedMs,
    severity: entry.severity,
    message: entry.message,
    labels: entry.labels,
    value: entry.value,
    revision: entry.revision,
    state: entry.state,
  });
}
