import { RequestError } from '../../backend-bridge/src/domain/errors';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import {
  PointColumns,
  pointFlags,
  type Point,
  type SeriesPoints,
} from '../../backend-bridge/src/domain/point';
import type { Progress } from '../../backend-bridge/src/domain/progress';
import { compareValues, seriesKey, type Series } from '../../backend-bridge/src/domain/series';
import type {
  PointChange,
  ReadRequest,
  SeriesStore,
  StoreListener,
} from '../../backend-bridge/src/domain/store';

/**
 * The reading half of a SeriesStore over plain Maps, for unit tests of the domain only: points are put as they
 * should be found. Writing is what the real stores and their conformance suite are for.
 */
export class MemorySeriesStore implements SeriesStore {
  readonly kind = 'lmdb';
  epochText = 'epoch-1';
  progressNow: Progress = { watermarkMs: null, finalBeforeMs: null };
  readonly reads: ReadRequest[] = [];
  private readonly series = new Map<string, { series: Series; points: Map<number, Point> }>();

  /** Puts a point; the revision is one higher than before unless given. */
  put(
    values: readonly string[],
    startMs: number,
    endMs: number,
    measures: readonly (number | undefined)[],
    extra: Partial<Point> = {},
  ): PointChange {
    const key = seriesKey(values);
    const held = this.series.get(key) ?? {
      series: { id: this.series.size + 1, values },
      points: new Map<number, Point>(),
    };
    this.series.set(key, held);
    const before = held.points.get(startMs);
    const point: Point = {
      startMs,
      endMs,
      measures,
      removed: false,
      revision: (before?.revision ?? 0) + 1,
      updatedMs: endMs,
      firstSeenMs: before?.firstSeenMs ?? endMs,
      ...extra,
    };
    held.points.set(startMs, point);
    return { seriesId: held.series.id, values, ...point };
  }

  /** Leaves a marker with the last measures, as a tombstone does. */
  remove(values: readonly string[], startMs: number): PointChange {
    const point = this.series.get(seriesKey(values))?.points.get(startMs);
    if (point === undefined) throw new Error('no such point');
    return this.put(values, startMs, point.endMs, point.measures, { removed: true });
  }

  epoch(): string {
    return this.epochText;
  }

  progress(_metric?: Metric): Promise<Progress> {
    return Promise.resolve(this.progressNow);
  }

  listSeries(_metric?: Metric): Promise<readonly Series[]> {
    return Promise.resolve(this.sorted().map(({ series }) => series));
  }

  read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]> {
    this.reads.push(request);
    const wanted = request.seriesIds === null ? null : new Set(request.seriesIds);
    const answer: SeriesPoints[] = [];
    let count = 0;
    for (const { series, points } of this.sorted()) {
      if (wanted !== null && !wanted.has(series.id)) continue;
      const columns = new PointColumns(metric.measures.length);
      for (const point of [...points.values()].sort((a, b) => a.startMs - b.startMs)) {
        if (point.startMs < request.fromMs || point.startMs >= request.toMs) continue;
        if (point.endMs + metric.retentionMs <= request.nowMs) continue;
        const flags = pointFlags(point.measures, point.removed);
        const { startMs, endMs, revision, updatedMs, firstSeenMs } = point;
        const row = columns.add(startMs, endMs, revision, flags, updatedMs, firstSeenMs);
        point.measures.forEach((value, index) => {
          columns.measures[index]![row] = value ?? 0;
        });
        count += 1;
      }
      if (columns.length > 0) answer.push({ seriesId: series.id, values: series.values, points: columns });
    }
    if (count > request.maxPoints)
      return Promise.reject(new RequestError('range_too_large', 'Too many points.'));
    return Promise.resolve(answer);
  }

  start: () => Promise<void> = notHere;
  useMetrics: () => Promise<void> = notHere;
  identifyTopic = notHere;
  appliedOffsets = notHere;
  storedPositions = notHere;
  announceBridge = notHere;
  skipTo = notHere;
  write = notHere;
  reportPartitions = notHere;
  checkReady: () => Promise<void> = notHere;

  subscribe(_listener?: StoreListener): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private sorted(): { series: Series; points: Map<number, Point> }[] {
    return [...this.series.values()].sort((a, b) => compareValues(a.series.values, b.series.values));
  }
}

function notHere(): Promise<never> {
  return Promise.reject(new Error('this test store only reads'));
}
