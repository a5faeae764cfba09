import { lifetimeMs } from '../domain/history/tiers';
import {
  afterBucketMs,
  applyToSlot,
  bucketOf,
  endOf,
  fitsSlot,
  slotOf,
  type BucketLayout,
} from '../domain/packed-point';
import { seriesKey } from '../domain/series';
import type { WriteBatch, WriteOutcome } from '../domain/store';

/**
 * The request of the function `write`, little-endian: head (REQUEST_HEAD bytes, in the order of encodeWrite), then for
 * each distinct series u32 length and key, then for each point: series index u16, bucket u48, slot u16, start u48, end
 * u48, and the slot's bytes as they will be stored if the point is new. The change message contains the request, so
 * that every bridge decodes the same bytes.
 */
export const REQUEST_HEAD = 79;
/** Bytes of a record before its slot. */
export const RECORD_HEAD = 22;
/** Positions in the head that a reader of the change message needs. */
export const SERIES_COUNT_AT = 75;
export const POINT_COUNT_AT = 77;

const NULL_TIME = -9007199254740991;

export interface WriteRequest {
  readonly bytes: Buffer;
  /** Batch index of each point of the request. */
  readonly indexes: readonly number[];
  readonly expired: number;
  /** Indexes of points without a slot: their window is not aligned to the metric's windows. */
  readonly misplaced: readonly number[];
}

/** @param expire whether to omit expired points; Redis expires them by its own clock anyway */
export function encodeWrite(batch: WriteBatch, layout: BucketLayout, expire = true): WriteRequest {
  const { metric, points } = batch;
  const indexes: number[] = [];
  const misplaced: number[] = [];
  const keptMs = lifetimeMs(metric);
  const keys = new Map<string, number>();
  // The decoder shares one array of values per key, so its key is built once.
  const known = new Map<readonly string[], number>();
  const seriesOf: number[] = [];
  let expired = 0;
  points.forEach((point, index) => {
    const expiresMs = endOf(layout, point.startMs, point.endMs) + keptMs;
    if (expire && expiresMs <= batch.nowMs) expired += 1;
    else if (!fitsSlot(layout, point, batch.partition)) misplaced.push(index);
    else {
      let series = known.get(point.values);
      if (series === undefined) {
        const key = seriesKey(point.values);
        series = keys.get(key) ?? keys.size;
        keys.set(key, series);
        known.set(point.values, series);
      }
      indexes.push(index);
      seriesOf.push(series);
    }
  });
  let size = REQUEST_HEAD + indexes.length * (RECORD_HEAD + layout.slotBytes);
  for (const key of keys.keys()) size += 4 + Buffer.byteLength(key);
  const bytes = Buffer.alloc(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  // Expiry: after the start of the next bucket for fixed windows, after the window's end for irregular ones.
  const tailMs = afterBucketMs(layout) + keptMs;
  let at = bytes.writeUInt16LE(batch.partition, 0);
  at = bytes.writeUInt16LE(batch.partitions, at);
  at = bytes.writeUIntLE(batch.fromOffset, at, 6);
  at = bytes.writeUIntLE(batch.toOffset, at, 6);
  at = bytes.writeDoubleLE(batch.maxEventMs ?? NULL_TIME, at);
  at = bytes.writeDoubleLE(batch.nowMs, at);
  at = bytes.writeDoubleLE(metric.idleMs, at);
  at = bytes.writeUInt8(metric.finalOnly ? 1 : 0, at);
  at = bytes.writeDoubleLE(metric.window.graceMs, at);
  at = bytes.writeUInt32LE(Math.min(metric.maxSeries, 0xffffffff), at);
  at = bytes.writeUInt8(layout.irregular ? 1 : 0, at);
  at = bytes.writeUInt16LE(layout.slotBytes, at);
  at = bytes.writeUInt8(layout.firstSeenAt < 0 ? 0 : 1, at);
  at = bytes.writeDoubleLE(layout.spanMs, at);
  at = bytes.writeDoubleLE(tailMs, at);
  at = bytes.writeUInt16LE(layout.windows, at);
  at = bytes.writeUInt16LE(keys.size, at);
  at = bytes.writeUInt16LE(indexes.length, at);
  for (const key of keys.keys()) {
    const length = bytes.write(key, at + 4);
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  for (let i = 0; i < indexes.length; i += 1) {
    const point = points[indexes[i]!]!;
    at = bytes.writeUInt16LE(seriesOf[i]!, at);
    at = bytes.writeUIntLE(bucketOf(layout, point.startMs), at, 6);
    at = bytes.writeUInt16LE(slotOf(layout, point.startMs), at);
    at = bytes.writeUIntLE(point.startMs, at, 6);
    at = bytes.writeUIntLE(endOf(layout, point.startMs, point.endMs), at, 6);
    applyToSlot(layout, view, at, point, batch.partition, batch.nowMs);
    at += layout.slotBytes;
  }
  return { bytes, indexes, expired, misplaced };
}

/** Decodes the reply of the function `write`. Throws TypeError for an unknown reply. */
export function decodeOutcome(reply: unknown, request: WriteRequest): WriteOutcome {
  const parts = Array.isArray(reply) ? (reply as unknown[]) : [];
  switch (parts[0]) {
    case 'gap':
      return { kind: 'gap', neededOffset: Number(parts[1]) };
    case 'stale_topic':
      return { kind: 'stale_topic' };
    case 'store_lost':
      return { kind: 'store_lost' };
    case 'applied': {
      const [, accepted, ignored, corrected, conflicts, overCap, , , expired] = parts;
      const original = (list: unknown): number[] =>
        (Array.isArray(list) ? list : []).map((index) => request.indexes[Number(index)]!);
      return {
        kind: 'applied',
        accepted: Number(accepted),
        ignored: Number(ignored),
        expired: request.expired + Number(expired ?? 0),
        corrected: Number(corrected),
        conflicts: [...request.misplaced, ...original(conflicts)].sort((a, b) => a - b),
        overCap: original(overCap),
      };
    }
    default:
      throw new TypeError(`the write function returned an unknown reply: ${JSON.stringify(reply)}`);
  }
}

/** Result of an applied write: the newest change number and the highest series id (0: none). */
export function decodeReach(reply: readonly unknown[]): { number: number; newestSeries: number } {
  return { newestSeries: Number(reply[6] ?? 0), number: Number(reply[7] ?? 0) };
}
