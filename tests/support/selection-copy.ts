import type { Message } from './ws-client';

/**
 * A subscriber's copy of one selection, kept by the rules of websocket.yaml over any number of connections.
 * It notes every breach: a point that goes back, two values in one revision, a gap in seq, a lost point.
 */

export interface SeriesMessage {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly revisions: readonly number[];
  readonly removed?: readonly number[];
  readonly removed_revisions?: readonly number[];
  readonly open_from_ms?: number;
}
interface HeldPoint {
  readonly value: number | null;
  readonly revision: number;
  readonly removed: boolean;
}
/** A series as both sides are compared: what lives, what was removed, from where on it is open. */
export interface ComparedSeries {
  readonly labels: string;
  readonly points: readonly (readonly [timeMs: number, value: number | null, revision: number])[];
  readonly removed: readonly (readonly [timeMs: number, revision: number])[];
  readonly openFromMs: number | null;
}

const labelsKey = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));

/** A query's answer (with revisions) in the form that copies are compared in. */
export function comparedAnswer(series: readonly SeriesMessage[]): ComparedSeries[] {
  return series
    .map((one) => ({
      labels: labelsKey(one.labels),
      points: one.times.map((time, i) => [time, one.values[i]!, one.revisions[i]!] as const),
      removed: (one.removed ?? []).map((time, i) => [time, one.removed_revisions![i]!] as const),
      openFromMs: one.open_from_ms ?? null,
    }))
    .sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

export class SelectionCopy {
  readonly faults: string[] = [];
  updates = 0;
  snapshots = 0;
  resyncs = 0;
  /** Points that were told as removed at some time. */
  removals = 0;
  fromMs = 0;
  /** The last message was not a resync, and there is a connection. */
  synced = false;
  private held = new Map<string, Map<number, HeldPoint>>();
  private readonly openFrom = new Map<string, number | null>();
  private epoch: string | null = null;
  private seq = 0;

  /** @param id of the only subscription whose messages count; absent: all do */
  constructor(private readonly id?: string) {}

  /** Another connection, or none: the next message must be a snapshot. */
  disconnected(): void {
    this.synced = false;
  }

  apply(message: Message): void {
    if (this.id !== undefined && message['id'] !== this.id) return;
    if (message.type === 'resync') {
      this.synced = false;
      this.resyncs += 1;
    } else if (message.type === 'subscribed') {
      this.snapshot(message);
    } else if (message.type === 'series_update') {
      this.seq += 1;
      this.updates += 1;
      if (!this.synced) this.fault('an update before the snapshot');
      if (message['seq'] !== this.seq) this.fault(`seq ${String(message['seq'])} where ${this.seq} is due`);
      for (const series of message['series'] as SeriesMessage[]) this.take(series, this.held);
    }
  }

  compared(): ComparedSeries[] {
    return [...this.held]
      .map(([labels, points]) => {
        const inOrder = [...points].sort(([a], [b]) => a - b);
        return {
          labels,
          points: inOrder
            .filter(([, point]) => !point.removed)
            .map(([time, { value, revision }]) => [time, value, revision] as const),
          removed: inOrder
            .filter(([, point]) => point.removed)
            .map(([time, { revision }]) => [time, revision] as const),
          openFromMs: this.openFrom.get(labels) ?? null,
        };
      })
      .filter(({ points, removed }) => points.length + removed.length > 0)
      .sort((a, b) => (a.labels < b.labels ? -1 : 1));
  }

  /** What lives, by its labels as JSON. */
  points(): Record<string, ComparedSeries['points']> {
    const living = this.compared().filter(({ points }) => points.length > 0);
    return Object.fromEntries(living.map(({ labels, points }) => [labels, points]));
  }

  private snapshot(message: Message): void {
    const before = this.held;
    this.held = new Map();
    this.openFrom.clear();
    this.seq = 0;
    this.synced = true;
    this.snapshots += 1;
    this.fromMs = message['from_ms'] as number;
    const epoch = message['store_epoch'] as string;
    if (this.epoch !== null && this.epoch !== epoch) this.fault('store_epoch changed');
    this.epoch = epoch;
    for (const series of message['series'] as SeriesMessage[]) this.take(series, before);
    for (const [labels, points] of before) {
      for (const [time, point] of points) {
        if (time < this.fromMs || this.held.get(labels)?.has(time) === true) continue;
        this.fault(`${labels} ${time} (revision ${point.revision}) is not in the fresh snapshot`);
      }
    }
  }

  private take(series: SeriesMessage, known: ReadonlyMap<string, ReadonlyMap<number, HeldPoint>>): void {
    const key = labelsKey(series.labels);
    let points = this.held.get(key);
    if (points === undefined) {
      points = new Map();
      this.held.set(key, points);
    }
    const into = points;
    const put = (time: number, point: HeldPoint): void => {
      const old = known.get(key)?.get(time);
      if (old !== undefined && old.revision > point.revision) {
        this.fault(`${key} ${time} went back from revision ${old.revision} to ${point.revision}`);
        return;
      }
      if (
        old?.revision === point.revision &&
        (old.removed !== point.removed || !Object.is(old.value, point.value))
      ) {
        const values = `${JSON.stringify(old)} and ${JSON.stringify(point)}`;
        this.fault(`${key} ${time} was sent twice with different values: ${values}`);
      }
      into.set(time, point);
    };
    series.times.forEach((time, i) =>
      put(time, { value: series.values[i]!, revision: series.revisions[i]!, removed: false }),
    );
    series.removed?.forEach((time, i) => {
      this.removals += 1;
      put(time, { value: null, revision: series.removed_revisions![i]!, removed: true });
    });
    this.openFrom.set(key, series.open_from_ms ?? null);
  }

  private fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text);
  }
}

export interface EventMessage {
  readonly id: string;
  readonly time_ms: number;
  readonly revision: number;
  readonly state: 'open' | 'resolved';
  readonly value: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** A subscriber's copy of the events of one selection. */
export class EventsCopy {
  readonly faults: string[] = [];
  updates = 0;
  fromMs = 0;
  private held = new Map<string, EventMessage>();
  private epoch: string | null = null;

  apply(message: Message): void {
    if (message.type === 'events_snapshot') {
      const before = this.held;
      this.held = new Map();
      this.fromMs = message['from_ms'] as number;
      const epoch = message['store_epoch'] as string;
      if (this.epoch !== null && this.epoch !== epoch) this.faults.push('store_epoch changed');
      this.epoch = epoch;
      for (const event of message['events'] as EventMessage[]) this.take(event, before);
      for (const [id, event] of before) {
        if (event.time_ms >= this.fromMs && !this.held.has(id)) this.faults.push(`event ${id} was lost`);
      }
    } else if (message.type === 'events_update') {
      this.updates += 1;
      for (const event of message['events'] as EventMessage[]) this.take(event, this.held);
    }
  }

  /** As /events/query lists them: newest first, then in order of the labels. */
  events(): EventMessage[] {
    return sortedEvents([...this.held.values()]);
  }

  private take(event: EventMessage, known: ReadonlyMap<string, EventMessage>): void {
    const old = known.get(event.id);
    if (old !== undefined && old.revision > event.revision) {
      this.faults.push(`event ${event.id} went back from revision ${old.revision} to ${event.revision}`);
    }
    if (old?.revision === event.revision && old.state === 'resolved' && event.state === 'open') {
      this.faults.push(`event ${event.id} is open again in revision ${event.revision}`);
    }
    this.held.set(event.id, event);
  }
}

export function sortedEvents(events: readonly EventMessage[]): EventMessage[] {
  return [...events].sort(
    (a, b) => b.time_ms - a.time_ms || (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1),
  );
}
