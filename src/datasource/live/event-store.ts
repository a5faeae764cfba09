import type { Span } from './point-store';
import type { StreamEvent } from './stream-message';

/** Of most events at most so many are kept; the newest. */
const MOST_EVENTS = 10_000;

/**
 * The events of one live query. An event replaces the one of its id that has a lower revision, or the same one and
 * was open: so answers and updates may come in any order.
 */
export class EventStore {
  private held = new Map<string, { event: StreamEvent; forgotten: boolean }>();
  /** Grows with every change. */
  version = 0;

  get size(): number {
    return this.held.size;
  }

  apply(events: readonly StreamEvent[]): void {
    for (const event of events) {
      const known = this.held.get(event.id);
      if (known !== undefined && !known.forgotten && !isNewer(event, known.event)) continue;
      this.held.set(event.id, { event, forgotten: false });
      this.version += 1;
    }
    this.bound();
  }

  /** Those in the span, the newest first. */
  between({ fromMs, toMs }: Span): StreamEvent[] {
    return [...this.held.values()]
      .map(({ event }) => event)
      .filter((event) => event.time_ms >= fromMs && event.time_ms < toMs)
      .sort((a, b) => b.time_ms - a.time_ms);
  }

  /** Lets go of what lies before. */
  trim(fromMs: number): void {
    for (const [id, { event }] of this.held) if (event.time_ms < fromMs) this.held.delete(id);
  }

  /** The store has begun its count of revisions anew: what is told from now on wins. */
  forgetRevisions(): void {
    for (const entry of this.held.values()) entry.forgotten = true;
  }

  /** Lets go of what no answer of the new store has brought. */
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
