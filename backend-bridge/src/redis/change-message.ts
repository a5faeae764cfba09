import {
  slotFirstSeenMs,
  slotFlags,
  slotMeasures,
  slotUpdatedMs,
  type BucketLayout,
} from '../domain/packed-point';
import { FLAG_REMOVED } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { PointChange } from '../domain/store';
import { POINT_COUNT_AT, RECORD_HEAD, REQUEST_HEAD, SERIES_COUNT_AT } from './write-request';

/**
 * A message on a metric's channel, little-endian: version and kind u8 (version in the upper four bits, 0 now), number
 * f64, watermark f64, final before f64, epoch (EPOCH_BYTES of text). For points: a revision u32 for each point of the
 * request (0: unchanged), an id u32 for each of its series, the number of overrides u16 and each as index u16 + slot
 * (where the stored slot differs from the request's by more than the revision), the request itself and its length u32.
 * For forgotten series: their ids, u32 each. The head is the same in every version; whatever else changes, raises it.
 */
export const EPOCH_BYTES = 16;
const HEAD = 25 + EPOCH_BYTES;
const NULL_TIME = -9007199254740991;
const POINTS = 1;
const FORGOTTEN = 2;
/** Version of messages that this bridge reads; the first release wrote none. */
export const MESSAGE_VERSION = 0;

export interface ChangeMessage {
  /** Above MESSAGE_VERSION only the head is decoded: a newer bridge wrote the message. */
  readonly version: number;
  readonly number: number;
  readonly epoch: string;
  readonly progress: Progress;
  /** Series of the points, including new ones. */
  readonly series: readonly { readonly id: number; readonly key: string }[];
  readonly forgotten: readonly number[];
  /** Decodes the changed points. */
  changes(valuesOf: (seriesId: number) => readonly string[]): PointChange[];
}

function timeOrNull(value: number): number | null {
  return value === NULL_TIME ? null : value;
}

/** Throws RangeError for bytes that are not a message of this layout. */
export function decodeMessage(bytes: Buffer, layout: BucketLayout): ChangeMessage {
  const first = bytes.readUInt8(0);
  const [version, kind] = [first >> 4, first & 0x0f];
  const head = {
    version,
    number: bytes.readDoubleLE(1),
    epoch: bytes.toString('latin1', 25, HEAD),
    progress: {
      watermarkMs: timeOrNull(bytes.readDoubleLE(9)),
      finalBeforeMs: timeOrNull(bytes.readDoubleLE(17)),
    },
  };
  if (version > MESSAGE_VERSION) return { ...head, series: [], forgotten: [], changes: () => [] };
  if (kind === FORGOTTEN) {
    const forgotten: number[] = [];
    for (let at = HEAD; at + 4 <= bytes.length; at += 4) forgotten.push(bytes.readUInt32LE(at));
    return { ...head, series: [], forgotten, changes: () => [] };
  }
  if (kind !== POINTS) return { ...head, series: [], forgotten: [], changes: () => [] };
  return { ...head, forgotten: [], ...decodePoints(bytes, layout) };
}

/** Start of the request. It contains the counts of what precedes it, so the message is read from its end. */
function findRequest(bytes: Buffer): number {
  const at = bytes.length - 4 - bytes.readUInt32LE(bytes.length - 4);
  if (at < HEAD || at + REQUEST_HEAD > bytes.length)
    throw new RangeError('a change message of another layout');
  return at;
}

function decodePoints(bytes: Buffer, layout: BucketLayout): Pick<ChangeMessage, 'series' | 'changes'> {
  const request = findRequest(bytes);
  const seriesCount = bytes.readUInt16LE(request + SERIES_COUNT_AT);
  const pointCount = bytes.readUInt16LE(request + POINT_COUNT_AT);
  const idsAt = HEAD + 4 * pointCount;
  const series: { id: number; key: string }[] = [];
  let at = request + REQUEST_HEAD;
  for (let i = 0; i < seriesCount; i += 1) {
    const length = bytes.readUInt32LE(at);
    series.push({
      id: bytes.readUInt32LE(idsAt + 4 * i),
      key: bytes.toString('utf8', at + 4, at + 4 + length),
    });
    at += 4 + length;
  }
  const recordsAt = at;
  return {
    series: series.filter(({ id }) => id !== 0),
    changes: (valuesOf) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const overrides = new Map<number, number>();
      let override = idsAt + 4 * seriesCount;
      const count = bytes.readUInt16LE(override);
      override += 2;
      for (let i = 0; i < count; i += 1) {
        overrides.set(bytes.readUInt16LE(override), override + 2);
        override += 2 + layout.slotBytes;
      }
      const changes: PointChange[] = [];
      for (let i = 0; i < pointCount; i += 1) {
        const revision = bytes.readUInt32LE(HEAD + 4 * i);
        if (revision === 0) continue;
        const record = recordsAt + i * (RECORD_HEAD + layout.slotBytes);
        const slot = overrides.get(i) ?? record + RECORD_HEAD;
        const seriesId = series[bytes.readUInt16LE(record)]!.id;
        const startMs = bytes.readUIntLE(record + 10, 6);
        changes.push({
          seriesId,
          values: valuesOf(seriesId),
          startMs,
          endMs: bytes.readUIntLE(record + 16, 6),
          measures: slotMeasures(layout, view, slot),
          removed: (slotFlags(view, slot) & FLAG_REMOVED) !== 0,
          revision,
          updatedMs: slotUpdatedMs(view, slot),
          firstSeenMs: slotFirstSeenMs(layout, view, slot),
        });
      }
      return changes;
    },
  };
}
