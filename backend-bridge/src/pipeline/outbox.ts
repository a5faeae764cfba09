import { incarnationOf, type TopicIncarnations, type WriteBatch } from '../domain/store';
import type { Metric } from '../domain/metric';
import type { BoundOutput } from './metric-outputs';
import type { Topology } from './topology';
import type { ChangedWindow, WindowedAggregation } from './windows';

/** Pending writes to the store, as kept on disk. */

/** Offsets are consecutive: the i-th point has offset fromOffset + i. */
export interface PendingWrite {
  readonly metric: string;
  readonly fromOffset: number;
  /** Equals fromOffset when there is no point: a write that only moves the watermark takes one offset. */
  readonly toOffset: number;
  readonly points: readonly PendingPoint[];
  readonly maxEventMs: number | null;
}

export interface PendingPoint {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly measures: readonly (number | undefined)[];
}

export const MAX_WRITE_POINTS = 500;
/** How often an aggregation without points writes its stream time, in event time. */
const SILENT_STEP_MS = 1_000;

function pendingWritesOf(
  output: BoundOutput,
  changes: readonly ChangedWindow[],
  aggregation: WindowedAggregation,
  firstOffset: number,
): PendingWrite[] {
  const writes: PendingWrite[] = [];
  let newestMs: number | null = null;
  let offset = firstOffset;
  for (let from = 0; from < changes.length; from += MAX_WRITE_POINTS) {
    const part = changes.slice(from, from + MAX_WRITE_POINTS);
    for (const { accumulator } of part) newestMs = Math.max(newestMs ?? 0, accumulator.newestMs);
    // Stream time goes with the last write: a window must not become final before its own point is written.
    const last = from + MAX_WRITE_POINTS >= changes.length;
    writes.push({
      metric: output.metric.name,
      fromOffset: offset,
      toOffset: offset + part.length - 1,
      points: part.map(({ key, startMs, accumulator }) => ({
        values: output.values(key),
        startMs,
        endMs: startMs + aggregation.rule.sizeMs,
        measures: output.measures(accumulator),
      })),
      maxEventMs: last ? aggregation.streamTimeMs : newestMs,
    });
    offset += part.length;
  }
  return writes;
}

/** Position of a metric: its next offset and the last stream time written. */
export interface Cursor {
  nextOffset: number;
  sentMs: number | null;
}

/** Writes for all windows changed since the last call, each once with its current value. Advances the cursors. */
export function changesToPendingWrites(
  outputs: readonly BoundOutput[],
  topology: Topology,
  cursors: Readonly<Record<string, Cursor>>,
): PendingWrite[] {
  const writes: PendingWrite[] = [];
  for (const output of outputs) {
    const aggregation = topology.aggregations[output.aggregation];
    const cursor = cursors[output.metric.name]!;
    const shown = aggregation.takeChanged().filter(({ accumulator }) => output.shows(accumulator));
    writes.push(...withWatermark(output, shown, aggregation, cursor));
  }
  return writes;
}

/** Writes for everything in a metric's open windows, under new offsets. */
export function openWindowsToPendingWrites(
  output: BoundOutput,
  topology: Topology,
  cursor: Cursor,
): PendingWrite[] {
  const aggregation = topology.aggregations[output.aggregation];
  const shown = aggregation.everything().filter(({ accumulator }) => output.shows(accumulator));
  cursor.sentMs = null;
  return withWatermark(output, shown, aggregation, cursor);
}

function withWatermark(
  output: BoundOutput,
  shown: readonly ChangedWindow[],
  aggregation: WindowedAggregation,
  cursor: Cursor,
): PendingWrite[] {
  const { streamTimeMs } = aggregation;
  const writes = pendingWritesOf(output, shown, aggregation, cursor.nextOffset);
  if (
    writes.length === 0 &&
    streamTimeMs !== null &&
    (cursor.sentMs === null || streamTimeMs - cursor.sentMs >= SILENT_STEP_MS)
  ) {
    const { nextOffset } = cursor;
    writes.push({
      metric: output.metric.name,
      fromOffset: nextOffset,
      toOffset: nextOffset,
      points: [],
      maxEventMs: streamTimeMs,
    });
  }
  const last = writes.at(-1);
  if (last !== undefined) {
    cursor.nextOffset = last.toOffset + 1;
    cursor.sentMs = streamTimeMs;
  }
  return writes;
}

/** The store's batch for a pending write. */
export function toWriteBatch(
  write: PendingWrite,
  metric: Metric,
  topic: TopicIncarnations,
  nowMs: number,
): WriteBatch {
  return {
    metric,
    topicId: topic.topicId,
    partition: 0,
    partitions: 1,
    fromOffset: write.fromOffset,
    toOffset: write.toOffset,
    points: write.points.map((point, index) => ({
      ...point,
      removed: false,
      // These points have no Kafka key: within the one partition the offset alone orders them.
      keyHash: 0,
      offset: write.fromOffset + index,
      incarnation: incarnationOf(topic, 0, write.fromOffset + index),
    })),
    maxEventMs: write.maxEventMs,
    nowMs,
  };
}
