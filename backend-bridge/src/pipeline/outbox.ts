import { incarnationOf, type TopicIncarnations, type WriteBatch } from '../domain/store';
import type { Metric } from '../domain/metric';
import type { BoundFeed } from './metric-feeds';
import type { Topology } from './topology';
import type { ChangedWindow, WindowedAggregation } from './windows';

/** What the store is still to be told, in the form in which it is kept on disk. */

/** Offsets follow one another: the i-th point stands at fromOffset + i. */
export interface Slice {
  readonly metric: string;
  readonly fromOffset: number;
  /** fromOffset even when there is no point: a slice that only moves the watermark takes one offset. */
  readonly toOffset: number;
  readonly points: readonly SlicePoint[];
  readonly maxEventMs: number | null;
}

export interface SlicePoint {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly measures: readonly (number | undefined)[];
}

export const MAX_SLICE_POINTS = 500;
/** An aggregation that shows nothing tells its stream time this often (event time). */
const SILENT_STEP_MS = 1_000;

function slicesOf(
  feed: BoundFeed,
  changes: readonly ChangedWindow[],
  aggregation: WindowedAggregation,
  firstOffset: number,
): Slice[] {
  const slices: Slice[] = [];
  let newestMs: number | null = null;
  let offset = firstOffset;
  for (let from = 0; from < changes.length; from += MAX_SLICE_POINTS) {
    const part = changes.slice(from, from + MAX_SLICE_POINTS);
    for (const { accumulator } of part) newestMs = Math.max(newestMs ?? 0, accumulator.newestMs);
    // Stream time goes with the last slice: a window must not become final before its own point is written.
    const last = from + MAX_SLICE_POINTS >= changes.length;
    slices.push({
      metric: feed.metric.name,
      fromOffset: offset,
      toOffset: offset + part.length - 1,
      points: part.map(({ key, startMs, accumulator }) => ({
        values: feed.values(key),
        startMs,
        endMs: startMs + aggregation.rule.sizeMs,
        measures: feed.measures(accumulator),
      })),
      maxEventMs: last ? aggregation.streamTimeMs : newestMs,
    });
    offset += part.length;
  }
  return slices;
}

/** Where a metric stands: its next offset, and the stream time told last. */
export interface Cursor {
  nextOffset: number;
  toldMs: number | null;
}

/** What the events since the last call changed, each window once with its value of now; moves the cursors. */
export function changesToSlices(
  feeds: readonly BoundFeed[],
  topology: Topology,
  cursors: Readonly<Record<string, Cursor>>,
): Slice[] {
  const slices: Slice[] = [];
  for (const feed of feeds) {
    const aggregation = topology.aggregations[feed.aggregation];
    const cursor = cursors[feed.metric.name]!;
    const shown = aggregation.takeChanged().filter(({ accumulator }) => feed.shows(accumulator));
    slices.push(...withWatermark(feed, shown, aggregation, cursor));
  }
  return slices;
}

/** Everything in a metric's open windows under new offsets. */
export function openWindowsToSlices(feed: BoundFeed, topology: Topology, cursor: Cursor): Slice[] {
  const aggregation = topology.aggregations[feed.aggregation];
  const shown = aggregation.everything().filter(({ accumulator }) => feed.shows(accumulator));
  cursor.toldMs = null;
  return withWatermark(feed, shown, aggregation, cursor);
}

function withWatermark(
  feed: BoundFeed,
  shown: readonly ChangedWindow[],
  aggregation: WindowedAggregation,
  cursor: Cursor,
): Slice[] {
  const { streamTimeMs } = aggregation;
  const slices = slicesOf(feed, shown, aggregation, cursor.nextOffset);
  if (
    slices.length === 0 &&
    streamTimeMs !== null &&
    (cursor.toldMs === null || streamTimeMs - cursor.toldMs >= SILENT_STEP_MS)
  ) {
    const { nextOffset } = cursor;
    slices.push({
      metric: feed.metric.name,
      fromOffset: nextOffset,
      toOffset: nextOffset,
      points: [],
      maxEventMs: streamTimeMs,
    });
  }
  const last = slices.at(-1);
  if (last !== undefined) {
    cursor.nextOffset = last.toOffset + 1;
    cursor.toldMs = streamTimeMs;
  }
  return slices;
}

/** The slice as the store takes it. */
export function toWriteBatch(
  slice: Slice,
  metric: Metric,
  topic: TopicIncarnations,
  nowMs: number,
): WriteBatch {
  return {
    metric,
    topicId: topic.topicId,
    partition: 0,
    partitions: 1,
    fromOffset: slice.fromOffset,
    toOffset: slice.toOffset,
    points: slice.points.map((point, index) => ({
      ...point,
      removed: false,
      // No Kafka key stands behind these points: within the one partition the offset alone is their order.
      keyHash: 0,
      offset: slice.fromOffset + index,
      incarnation: incarnationOf(topic, 0, slice.fromOffset + index),
    })),
    maxEventMs: slice.maxEventMs,
    nowMs,
  };
}
