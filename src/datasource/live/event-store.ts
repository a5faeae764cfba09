import { MOST_EVENTS, type EventConditions } from './event-conditions';
import type { LogicalClock, Span } from './point-store';
import type { StreamEvent } from './stream-message';

/**
 * The events of one live query. An event replaces the one of its id that has a lower revision, or the same one and
 * was open: so answers and updates may come in any order.
 */
export class EventStore {
  /** `stamp`: by arrival, when each was last changed here. */
  private held = new Map<string, { event: StreamEvent; stamp: number; forgotten: boolean }>();
  /** Grows with every change. */
  version = 0;

  constructor(private readonly clock: LogicalClock) {}

  get size(): number {
    return this.held.size;
  }

  /** Applies an update of the stream. */
  apply(events: readonly StreamEvent[]): void {
    const stamp = this.clock.next();
    for (const event of events) {
      const known = this.held.get(event.id);
      if (known !== undefined && !known.forgotten && !isNewer(event, known.event)) continue;
      this.held.set(event.id, { event, stamp, forgotten: false });
      this.version += 1;
    }
    this.bound();
  }

  /**
   * An answer over the span to a query with those conditions, requested at that logical time. Events known then,
   * match, and are not in it have passed their retention.
   */
  merge(
    answer: readonly StreamEvent[],
    span: Span,
    askedAt: number,
    { matches, limit }: EventConditions,
  ): void {
    this.apply(answer);
    const answered = new Set(answer.map(({ id }) => id));
    // Of as many events as the limit allows there may be more, further back.
    const oldestMs = Math.min(...answer.map(({ time_ms }) => time_ms));
    const fromMs = answer.length < limit ? span.fromMs : oldestMs + 1;
    for (const [id, { event, stamp }] of this.held) {
      if (stamp > askedAt || answered.has(id) || !matches(event)) continue;
      if (event.time_ms < fromMs || event.time_ms >= span.toMs) continue;
      this.held.delete(id);
      this.version += 1;
    }
  }

  /** Those in the span, the newest first. */
  between({ fromMs, toMs }: Span): StreamEvent[] {
    return [...this.held.values()]
      .map(({ event }) => event)
      .filter((event) => event.time_ms >= fromMs && event.time_ms < toMs)
      .sort((a, b) => b.time_ms - a.time_ms);
  }

  /** Drops what lies before. */
  trim(fromMs: number): void {
    for (const [id, { event }] of this.held) if (event.time_ms < fromMs) this.held.delete(id);
  }

  /** The store restarted its revisions: whatever arrives from now on wins. */
  forgetRevisions(): void {
    for (const entry of this.held.values()) entry.forgotten = true;
  }

  /** Drops what no answer of the new store contained. */
  dropForgotten(): void {
    for (const [id, { forgotten }] of this.held) {
      if (!forgotten) continue;
      this.held.delete(id);
      this.version += 1;
    }
  }

  private bound(): void {
    if (this.held.size <= MOST_EVENTS) return;
    const newest = [...this.held.entries()].sort(([, a], [, b]) => b.event.time_ms - a.event.time_ms);
    this.held = new Map(newest.slice(0, MOST_EVENTS));
  }
}

const isNewer = (event: StreamEvent, known: StreamEvent): boolean =>
  event.revision > known.revision ||
  (event.revision === known.revision && event.state === 'resolved' && known.state !== 'resolved');
