import { seriesKey } from './series-labels';
import { SeriesPoints } from './series-points';
import type { SeriesUpdate } from './stream-message';

/** Times in `[fromMs, toMs)`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Logical time of the page: orders messages before and after a query. Shared by all stores, since the store that an
 * answer belongs to is known only when it arrives.
 */
export class LogicalClock {
  private newest = 0;

  /** Read when history is requested, and passed back with the answer. */
  get now(): number {
    return this.newest;
  }

  next(): number {
    this.newest += 1;
    return this.newest;
  }
}

/**
 * The points of every series of one live query. History answers and updates may come in any order, twice, or late:
 * of each point the highest revision is kept. Bounded by `trim`, to what some panel can show.
 */
export class PointStore {
  private readonly held = new Map<string, SeriesPoints>();

  constructor(private readonly clock: LogicalClock) {}

  get series(): ReadonlyMap<string, SeriesPoints> {
    return this.held;
  }

  /** How many points and markers are held. */
  get size(): number {
    let size = 0;
    for (const series of this.held.values()) size += series.size;
    return size;
  }

  /** Applies an update of the stream. */
  apply(parts: readonly SeriesUpdate[]): void {
    const stamp = this.clock.next();
    for (const part of parts) {
      const series = this.seriesFor(part);
      series?.take(part, stamp);
      series?.tellOpen(part.openFromMs, stamp);
    }
  }

  /**
   * A complete answer over the span, requested at that logical time. Points that were known then and are not in it have
   * passed their retention.
   */
  merge(answer: readonly SeriesUpdate[], span: Span, askedAt: number): void {
    const stamp = this.clock.next();
    const answered = new Set<string>();
    for (const part of answer) {
      answered.add(seriesKey(part.labels));
      const series = this.seriesFor(part);
      series?.take(part, stamp);
      series?.dropAbsent(span.fromMs, span.toMs, part.times, askedAt);
      series?.tellOpen(part.openFromMs, askedAt);
    }
    for (const [key, series] of this.held) {
      if (answered.has(key)) continue;
      series.dropAbsent(span.fromMs, span.toMs, [], askedAt);
      series.tellOpen(null, askedAt);
    }
    this.dropEmpty();
  }

  trim(fromMs: number): void {
    for (const series of this.held.values()) series.trim(fromMs);
    this.dropEmpty();
  }

  forgetRevisions(): void {
    for (const series of this.held.values()) series.forgetRevisions();
    this.dropEmpty();
  }

  /** A part without any point makes no series. */
  private seriesFor(part: SeriesUpdate): SeriesPoints | undefined {
    const key = seriesKey(part.labels);
    const known = this.held.get(key);
    if (known !== undefined || part.times.length + part.removed.length === 0) return known;
    const fresh = new SeriesPoints(part.labels);
    this.held.set(key, fresh);
    return fresh;
  }

  private dropEmpty(): void {
    for (const [key, series] of this.held) if (series.isEmpty) this.held.delete(key);
  }
}
