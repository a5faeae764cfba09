import { isoTime } from './original-point';
import { ExactSums } from '../domain/history/exact-sums';
import type { Metric } from '../domain/metric';
import type { SeriesPoints } from '../domain/point';
import { compareValues } from '../domain/series';
import type { PointChange, SeriesStore } from '../domain/store';
import type { Clock } from '../domain/telemetry';
import { longestMs, usualDistanceMs } from '../domain/windows';

/** Points per read while a metric's aggregator is first built. */
const POINTS_A_READ = 50_000;
/** How far ahead of the clock points are aggregated. */
const AHEAD_MS = 86_400_000;
/**
 * From this number of dirty buckets on they are read in the background, so that a new connection has few to wait for.
 */
export const MANY_DIRTY = 32;

export interface Aggregator {
  readonly count: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly last_update: string;
  readonly last_value: number | null;
}

interface LastPoint {
  readonly updatedMs: number;
  readonly startMs: number;
  readonly values: readonly string[];
  readonly value: number;
}

/** Aggregate of the points of a short span of window starts. */
interface Bucket {
  count: number;
  /** Points with a finite value. */
  finite: number;
  sum: number;
  /** Of a metric with a history, whose queries sum exactly. */
  readonly exact: ExactSums | null;
  min: number;
  max: number;
  last: LastPoint | null;
  firstEndMs: number;
  lastEndMs: number;
}

/**
 * The aggregator of one metric and tenant over its retention: each point once, with its newest value. Kept in buckets
 * of window starts; a changed bucket is re-read, and buckets are folded in time order, so that every bridge returns the
 * same bits.
 */
export class MetricAggregate {
  private readonly buckets = new Map<number, Bucket>();
  private readonly dirty = new Set<number>();
  private readonly bucketMs: number;
  private loaded = false;
  private folded: Aggregator | null = null;
  private stale = true;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Aggregator | null> | null = null;
  private generation = 0;

  constructor(
    private readonly metric: Metric,
    private readonly selects: (values: readonly string[]) => boolean,
    private readonly store: SeriesStore,
    private readonly clock: Clock,
  ) {
    const { window } = metric;
    this.bucketMs = window.type === 'session' ? 60_000 : Math.max(window.advanceMs, 10_000);
  }

  get dirtyBuckets(): number {
    return this.dirty.size;
  }

  changed(changes: readonly PointChange[]): void {
    for (const change of changes) {
      if (this.selects(change.values)) this.dirty.add(this.bucketOf(change.startMs));
    }
  }

  /** Invalidates everything; the next call re-reads it. */
  forget(): void {
    this.loaded = false;
    this.generation += 1;
  }

  /**
   * The aggregator with every change reported before the call; null without points. Calls during a read share the next
   * one. Rejects with UnavailableError.
   */
  current(): Promise<Aggregator | null> {
    if (this.loaded && this.dirty.size === 0 && !this.expires(this.clock())) {
      return Promise.resolve(this.fold());
    }
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        const work = this.refresh();
        this.running = work;
        this.next = null;
        return work;
      });
    return this.next;
  }

  private async refresh(): Promise<Aggregator | null> {
    const nowMs = this.clock();
    if (!this.loaded) await this.load(nowMs);
    this.expire(nowMs);
    const starts = [...this.dirty].sort((a, b) => a - b);
    for (let i = 0; i < starts.length;) {
      const first = starts[i]!;
      let last = first;
      for (i += 1; i < starts.length && starts[i] === last + this.bucketMs; i += 1) last = starts[i]!;
      await this.readBuckets(first, last + this.bucketMs, nowMs);
    }
    return this.fold();
  }

  private async load(nowMs: number): Promise<void> {
    const generation = this.generation;
    this.buckets.clear();
    this.dirty.clear();
    const { window, retentionMs } = this.metric;
    const reach = window.type === 'session' ? 2 * retentionMs : retentionMs + longestMs(window);
    const series = Math.max(1, (await this.store.listSeries(this.metric)).length);
    const wide = Math.max(1, Math.floor(POINTS_A_READ / series)) * Math.max(usualDistanceMs(window), 1_000);
    const step = Math.max(this.bucketMs, Math.floor(wide / this.bucketMs) * this.bucketMs);
    const to = this.bucketOf(nowMs + window.sizeMs) + this.bucketMs;
    for (let from = this.bucketOf(nowMs - reach); from < to; from += step) {
      await this.readBuckets(from, Math.min(to, from + step), nowMs);
    }
    // Records with timestamps ahead of the clock; few, if any.
    await this.readBuckets(to, this.bucketOf(nowMs + AHEAD_MS + window.sizeMs) + this.bucketMs, nowMs);
    if (generation === this.generation) this.loaded = true;
  }

  private async readBuckets(fromMs: number, toMs: number, nowMs: number): Promise<void> {
    const taken: number[] = [];
    for (const start of this.dirty) if (start >= fromMs && start < toMs) taken.push(start);
    for (const start of taken) this.dirty.delete(start);
    let stored: readonly SeriesPoints[];
    try {
      stored = await this.store.read(this.metric, {
        fromMs,
        toMs,
        seriesIds: null,
        nowMs,
        maxPoints: Number.MAX_SAFE_INTEGER,
      });
    } catch (error) {
      for (const start of taken) this.dirty.add(start);
      throw error;
    }
    for (let start = fromMs; start < toMs; start += this.bucketMs) this.buckets.delete(start);
    for (const series of stored) if (this.selects(series.values)) this.add(series);
    this.stale = true;
  }

  private add({ values, points }: SeriesPoints): void {
    for (let row = 0; row < points.length; row += 1) {
      const value = points.value(row, 0);
      if (value === undefined) continue;
      const startMs = points.starts[row]!;
      const endMs = points.ends[row]!;
      const key = this.bucketOf(startMs);
      let bucket = this.buckets.get(key);
      if (bucket === undefined) {
        bucket = {
          count: 0,
          finite: 0,
          sum: 0,
          exact: this.exactSum(),
          min: Number.POSITIVE_INFINITY,
          max: Number.NEGATIVE_INFINITY,
          last: null,
          firstEndMs: endMs,
          lastEndMs: endMs,
        };
        this.buckets.set(key, bucket);
      }
      bucket.count += 1;
      bucket.firstEndMs = Math.min(bucket.firstEndMs, endMs);
      bucket.lastEndMs = Math.max(bucket.lastEndMs, endMs);
      if (Number.isFinite(value)) {
        bucket.finite += 1;
        if (bucket.exact === null) bucket.sum += value;
        else bucket.exact.add(0, value);
        bucket.min = Math.min(bucket.min, value);
        bucket.max = Math.max(bucket.max, value);
      }
      bucket.last = later(bucket.last, { updatedMs: points.updated[row]!, startMs, values, value });
    }
  }

  private expires(nowMs: number): boolean {
    for (const bucket of this.buckets.values()) {
      if (bucket.firstEndMs + this.metric.retentionMs <= nowMs) return true;
    }
    return false;
  }

  private expire(nowMs: number): void {
    const cut = nowMs - this.metric.retentionMs;
    for (const [start, bucket] of this.buckets) {
      if (bucket.lastEndMs <= cut) {
        this.buckets.delete(start);
        this.stale = true;
      } else if (bucket.firstEndMs <= cut) {
        this.dirty.add(start);
      }
    }
  }

  private fold(): Aggregator | null {
    if (!this.stale) return this.folded;
    let count = 0;
    let finite = 0;
    let sum = 0;
    const exact = this.exactSum();
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let last: LastPoint | null = null;
    const ordered = [...this.buckets].sort((a, b) => a[0] - b[0]);
    for (const [, bucket] of ordered) {
      count += bucket.count;
      finite += bucket.finite;
      sum += bucket.sum;
      if (bucket.exact !== null) exact?.addTotal(0, bucket.exact);
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      if (bucket.last !== null) last = later(last, bucket.last);
    }
    if (exact !== null) sum = exact.number(0);
    this.folded =
      last === null
        ? null
        : {
            count,
            sum: finite > 0 ? numberOrNull(sum) : null,
            min: numberOrNull(min),
            max: numberOrNull(max),
            avg: finite > 0 ? numberOrNull(sum / finite) : null,
            last_update: isoTime(last.startMs),
            last_value: numberOrNull(last.value),
          };
    this.stale = false;
    return this.folded;
  }

  private exactSum(): ExactSums | null {
    if (this.metric.history === undefined) return null;
    const sum = new ExactSums(1);
    sum.push();
    return sum;
  }

  private bucketOf(startMs: number): number {
    return Math.floor(startMs / this.bucketMs) * this.bucketMs;
  }
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The point that the store changed last; ties go to the newer window, then by labels. */
function later(a: LastPoint | null, b: LastPoint): LastPoint {
  if (a === null) return b;
  const order = a.updatedMs - b.updatedMs || a.startMs - b.startMs || compareValues(a.values, b.values);
  return order >= 0 ? a : b;
}
