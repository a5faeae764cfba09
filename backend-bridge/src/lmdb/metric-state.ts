import { lifetimeMs } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { BucketLayout } from '../domain/packed-point';
import { advance, READER_LOST_MS, type PartitionState, type Progress } from '../domain/progress';
import type { PartitionReport, StoredPosition } from '../domain/store';
import type { KnownTopic } from '../domain/topic-identity';
import type { Environment } from './environment';
import { asBuffer, bucketBound, bucketIn, metricBound, seriesOfRecord, seriesRecordKey } from './point-keys';
import { historyKey, type HistoryRecord } from './history-record';
import { SeriesIndex } from './series-index';
import { valueLayout } from './value-layout';

export interface Partition extends PartitionState {
  /** Highest offset applied; -1: none. */
  readonly applied: number;
}

const UNKNOWN: Partition = {
  applied: -1,
  maxEventMs: null,
  atEndSinceMs: null,
  lastAtEndMs: null,
  reportedMs: null,
};

/** As stored on disk. */
export interface StateRecord {
  readonly topic: KnownTopic | null;
  readonly progress: Progress;
  /** Partition numbers with their states. */
  readonly partitions: readonly (readonly [number, Partition])[];
  readonly nextSeries: number;
}

/**
 * State of one metric besides its points. The process owns the store, so memory is authoritative; saved in the
 * transaction that changed it, and reloaded when that fails.
 */
export class MetricState {
  readonly layout: BucketLayout;
  readonly series = new SeriesIndex();
  /** Numbers of the buckets that may hold points. */
  readonly buckets = new Set<number>();
  topic: KnownTopic | null = null;
  /** Null without a history. */
  history: HistoryRecord | null = null;
  /** How much longer a series is kept than its windows. */
  readonly afterRetentionMs: number;
  progress: Progress = { watermarkMs: null, finalBeforeMs: null };
  private readonly partitions = new Map<number, Partition>();
  private nextSeries = 1;

  constructor(
    /** Replaced by one of the same shape and lifetime when titles, units or the like change. */
    public metric: Metric,
    readonly id: number,
  ) {
    this.layout = valueLayout(metric);
    this.afterRetentionMs = lifetimeMs(metric) - metric.retentionMs;
  }

  partition(number: number): Partition {
    return this.partitions.get(number) ?? UNKNOWN;
  }

  setPartition(number: number, partition: Partition): void {
    this.partitions.set(number, partition);
  }

  /** Resets to a new topic of which nothing was read yet. */
  forgetPartitions(): void {
    this.partitions.clear();
  }

  /** Clears reports at start: a partition counts as idle or fully read only after its reader has reported again. */
  forgetReports(): void {
    const nothing = { atEndSinceMs: null, lastAtEndMs: null, reportedMs: null };
    for (const [number, partition] of this.partitions)
      this.partitions.set(number, { ...partition, ...nothing });
  }

  appliedOffsets(): ReadonlyMap<number, number> {
    const applied = new Map<number, number>();
    for (const [number, partition] of this.partitions) {
      if (partition.applied >= 0) applied.set(number, partition.applied);
    }
    return applied;
  }

  storedPositions(): ReadonlyMap<number, StoredPosition> {
    const positions = new Map<number, StoredPosition>();
    for (const [number, { applied, reportedMs }] of this.partitions) {
      positions.set(number, { next: applied + 1, reportedMs });
    }
    return positions;
  }

  takeSeriesId(): number {
    return this.nextSeries++;
  }

  /** Returns the next offset the store needs when the reader is past it; null when nothing is missing. */
  report(report: PartitionReport): number | null {
    const before = this.partition(report.partition);
    const behind = before.applied + 1 < report.position;
    const atEnd = report.atEnd && !behind;
    // A reader that was gone for a while cannot count as at the end for all that time.
    const gone = before.reportedMs === null || report.nowMs - before.reportedMs > READER_LOST_MS;
    const since = before.atEndSinceMs === null || gone ? report.nowMs : before.atEndSinceMs;
    this.partitions.set(report.partition, {
      ...before,
      atEndSinceMs: atEnd ? since : null,
      lastAtEndMs: atEnd ? Math.max(before.lastAtEndMs ?? report.nowMs, report.nowMs) : before.lastAtEndMs,
      reportedMs: Math.max(before.reportedMs ?? report.nowMs, report.nowMs),
    });
    return behind ? before.applied + 1 : null;
  }

  /** Advances the progress; returns whether it moved. */
  advance(nowMs: number): boolean {
    const states: Partition[] = [];
    const count = this.topic?.partitions ?? 0;
    for (let i = 0; i < count; i += 1) states.push(this.partition(i));
    const next = advance(this.progress, states, nowMs, this.metric);
    const { watermarkMs, finalBeforeMs } = this.progress;
    if (next.watermarkMs === watermarkMs && next.finalBeforeMs === finalBeforeMs) return false;
    this.progress = { ...this.progress, ...next };
    return true;
  }

  save(env: Environment): void {
    const { topic, progress, nextSeries } = this;
    const record: StateRecord = { topic, progress, partitions: [...this.partitions], nextSeries };
    env.meta.putSync(`state:${this.id}`, record);
  }

  saveHistory(env: Environment): void {
    env.meta.putSync(historyKey(this.id), this.history);
  }

  saveSeries(env: Environment, seriesId: number): void {
    const text = JSON.stringify(this.series.valuesOf(seriesId));
    const bytes = Buffer.allocUnsafe(8 + Buffer.byteLength(text));
    bytes.writeDoubleLE(this.series.expiresMs(seriesId), 0);
    bytes.write(text, 8);
    env.series.putSync(seriesRecordKey(this.id, seriesId), bytes);
  }

  /** The state as it is on disk. */
  static load(env: Environment, metric: Metric, id: number): MetricState {
    const state = new MetricState(metric, id);
    const record = env.meta.get(`state:${id}`) as StateRecord | undefined;
    if (record !== undefined) {
      state.topic = record.topic;
      state.progress = record.progress;
      state.nextSeries = record.nextSeries;
      for (const [number, partition] of record.partitions) state.partitions.set(number, partition);
    }
    state.history = (env.meta.get(historyKey(id)) as HistoryRecord | undefined) ?? null;
    const range = { start: metricBound(id), end: metricBound(id + 1) };
    for (const { key, value } of env.series.getRange(range)) {
      const bytes = asBuffer(value);
      const values = JSON.parse(bytes.toString('utf8', 8)) as string[];
      state.series.add(seriesOfRecord(key), values, bytes.readDoubleLE(0));
    }
    // From the first key of one bucket to the first of the next: one step per bucket.
    let start = metricBound(id);
    for (;;) {
      const [key] = Array.from(env.points.getKeys({ start, end: metricBound(id + 1), limit: 1 }));
      if (key === undefined) break;
      const bucket = bucketIn(key);
      state.buckets.add(bucket);
      start = bucketBound(id, bucket + 1);
    }
    return state;
  }
}
