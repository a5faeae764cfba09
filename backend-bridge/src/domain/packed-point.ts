import type { Metric } from './metric';
import {
  FLAG_REMOVED,
  FLAG_STORED,
  lacksMeasure,
  pointFlags,
  type PointColumns,
  type PointWrite,
} from './point';
import type { Provenance } from './revision';
import { isIrregular, offsetOf } from './windows';

/**
 * Byte layout of a stored point (a slot) and its buckets, equal in every store.
 *
 * A slot, little-endian:
 *   0 flags u16 (0: nothing stored)   2 incarnation u16   4 partition u16    6 offset u48 12 revision u32
 * 16 updated u48 ms   22 key hash u32    = 26 bytes, then
 *     first seen u48 ms (event metrics only), end u48 ms (irregular windows only), one f64 for each measure
 *
 * Fixed windows (tumbling, hopping): a bucket is `windows` slots side by side, bucket number = floor(start / spanMs).
 * Irregular windows (sessions, sliding, calendar): one slot for each, its start in the store's own key; the bucket is
 * the hour of the start.
 */

const HEADER_BYTES = 26;
const FLAGS_AT = 0;
const INCARNATION_AT = 2;
const PARTITION_AT = 4;
const OFFSET_AT = 6;
const REVISION_AT = 12;
const UPDATED_AT = 16;
const KEY_HASH_AT = 22;
const TIME_BYTES = 6;
const MEASURE_BYTES = 8;

const WINDOWS_PER_BUCKET = 60;
/** Events are sparse: most of a large bucket would stay empty. */
const EVENT_WINDOWS_PER_BUCKET = 6;
const IRREGULAR_BUCKET_MS = 3_600_000;
const U16 = 0x1_0000;
const U32 = 0x1_0000_0000;
const U48 = 0x1_0000_0000_0000;

/** Layout of one metric's points in slots and buckets. */
export interface BucketLayout {
  /** Windows without a fixed distance, such as sessions: each has its own slot, with its end. */
  readonly irregular: boolean;
  /** Slots in a bucket; 1 for irregular windows. */
  readonly windows: number;
  /** From one window's start to the next; 0 for irregular windows. */
  readonly advanceMs: number;
  /** 0 for irregular windows, whose end is stored. */
  readonly sizeMs: number;
  /** How long after a multiple of advanceMs windows begin. */
  readonly offsetMs: number;
  /** From one bucket's start to the next. */
  readonly spanMs: number;
  readonly retentionMs: number;
  readonly measures: number;
  /** Byte position of the first-seen time in a slot; -1: not stored. */
  readonly firstSeenAt: number;
  /** Byte position of the end in a slot; -1: not stored. */
  readonly endAt: number;
  readonly measuresAt: number;
  readonly slotBytes: number;
}

/** @param windowsPerBucket overrides the default of 60 (6 for event metrics) for a store */
export function bucketLayout(metric: Metric, windowsPerBucket?: number): BucketLayout {
  const irregular = isIrregular(metric.window);
  const event = metric.kind === 'event';
  const usual = event ? EVENT_WINDOWS_PER_BUCKET : WINDOWS_PER_BUCKET;
  const windows = irregular ? 1 : (windowsPerBucket ?? usual);
  const endAt = HEADER_BYTES + (event ? TIME_BYTES : 0);
  const measuresAt = endAt + (irregular ? TIME_BYTES : 0);
  return {
    irregular,
    windows,
    advanceMs: irregular ? 0 : metric.window.advanceMs,
    sizeMs: irregular ? 0 : metric.window.sizeMs,
    offsetMs: irregular ? 0 : offsetOf(metric.window),
    spanMs: irregular ? IRREGULAR_BUCKET_MS : windows * metric.window.advanceMs,
    retentionMs: metric.retentionMs,
    measures: metric.measures.length,
    firstSeenAt: event ? HEADER_BYTES : -1,
    endAt: irregular ? endAt : -1,
    measuresAt,
    slotBytes: measuresAt + metric.measures.length * MEASURE_BYTES,
  };
}

/**
 * Whether a point can be stored: its times and its place fit, and a fixed window begins at a multiple of the
 * advance, plus the offset. A point that cannot is a mapping error.
 */
export function fitsSlot(layout: BucketLayout, point: PointWrite, partition: number): boolean {
  return (
    fits(point.startMs, U48) &&
    fits(point.endMs, U48) &&
    fits(point.offset, U48) &&
    fits(point.incarnation, U16) &&
    fits(partition, U16) &&
    (layout.irregular ? point.endMs >= point.startMs : point.startMs % layout.advanceMs === layout.offsetMs)
  );
}

function fits(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}

export function bucketOf(layout: BucketLayout, startMs: number): number {
  return Math.floor(startMs / layout.spanMs);
}

/** Index of a fixed window's slot in its bucket; 0 for irregular windows. */
export function slotOf(layout: BucketLayout, startMs: number): number {
  return layout.irregular ? 0 : Math.floor((startMs % layout.spanMs) / layout.advanceMs);
}

export function bucketBytes(layout: BucketLayout): number {
  return layout.windows * layout.slotBytes;
}

/** From the end of a bucket of fixed windows to the end of its last window. */
export function afterBucketMs(layout: BucketLayout): number {
  return layout.offsetMs + layout.sizeMs - layout.advanceMs;
}

/** When the last window of a bucket of fixed windows has expired. An irregular window expires at its own end + retention. */
export function bucketExpiresMs(layout: BucketLayout, bucket: number): number {
  return (bucket + 1) * layout.spanMs + afterBucketMs(layout) + layout.retentionMs;
}

/** End of a point in the store: start + size for fixed windows, whatever the record says. */
export function endOf(layout: BucketLayout, startMs: number, ownEndMs: number): number {
  return layout.irregular ? ownEndMs : startMs + layout.sizeMs;
}

function getU48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * U32;
}

function setU48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % U32, true);
  view.setUint16(at + 4, value / U32, true);
}

/** Flags of a slot; 0: empty. */
export function slotFlags(view: DataView, at: number): number {
  return view.getUint16(at + FLAGS_AT, true);
}

export function slotRevision(view: DataView, at: number): number {
  return view.getUint32(at + REVISION_AT, true);
}

export function slotUpdatedMs(view: DataView, at: number): number {
  return getU48(view, at + UPDATED_AT);
}

/** First-seen time; the time of the last change where it is not stored. */
export function slotFirstSeenMs(layout: BucketLayout, view: DataView, at: number): number {
  return getU48(view, at + (layout.firstSeenAt < 0 ? UPDATED_AT : layout.firstSeenAt));
}

/** The stored end of an irregular window. */
export function slotEndMs(layout: BucketLayout, view: DataView, at: number): number {
  return getU48(view, at + layout.endAt);
}

export function slotProvenance(view: DataView, at: number): Provenance {
  return {
    incarnation: view.getUint16(at + INCARNATION_AT, true),
    partition: view.getUint16(at + PARTITION_AT, true),
    offset: getU48(view, at + OFFSET_AT),
    keyHash: view.getUint32(at + KEY_HASH_AT, true),
  };
}

export function slotMeasures(layout: BucketLayout, view: DataView, at: number): (number | undefined)[] {
  const flags = slotFlags(view, at);
  const measures = new Array<number | undefined>(layout.measures);
  for (let i = 0; i < layout.measures; i += 1) {
    measures[i] = lacksMeasure(flags, i)
      ? undefined
      : view.getFloat64(at + layout.measuresAt + i * MEASURE_BYTES, true);
  }
  return measures;
}

/**
 * Writes a point into its slot. An existing point gets the next revision and keeps its first-seen time; a removal keeps
 * the last values, so that a removed event is still listed with them. The caller has checked that the record wins.
 */
export function applyToSlot(
  layout: BucketLayout,
  view: DataView,
  at: number,
  point: PointWrite,
  partition: number,
  nowMs: number,
): void {
  const stored = slotFlags(view, at);
  const keeps = point.removed && stored !== 0;
  view.setUint16(
    at + FLAGS_AT,
    keeps ? stored | FLAG_REMOVED : pointFlags(point.measures, point.removed),
    true,
  );
  view.setUint16(at + INCARNATION_AT, point.incarnation, true);
  view.setUint16(at + PARTITION_AT, partition, true);
  setU48(view, at + OFFSET_AT, point.offset);
  view.setUint32(at + REVISION_AT, stored === 0 ? 1 : slotRevision(view, at) + 1, true);
  setU48(view, at + UPDATED_AT, nowMs);
  view.setUint32(at + KEY_HASH_AT, point.keyHash, true);
  if (layout.firstSeenAt >= 0 && stored === 0) setU48(view, at + layout.firstSeenAt, nowMs);
  if (keeps) return;
  if (layout.endAt >= 0) setU48(view, at + layout.endAt, point.endMs);
  for (let i = 0; i < layout.measures; i += 1) {
    view.setFloat64(at + layout.measuresAt + i * MEASURE_BYTES, point.measures[i] ?? 0, true);
  }
}

/** The points of a read: starts in [fromMs, toMs), and ends after the retention limit. */
export interface SlotRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** Points with end + retention <= nowMs are left out. */
  readonly nowMs: number;
}

/** Adds the point of one slot to the columns; returns false when it is empty or out of range. */
export function readSlot(
  layout: BucketLayout,
  view: DataView,
  at: number,
  startMs: number,
  range: SlotRange,
  into: PointColumns,
): boolean {
  const flags = slotFlags(view, at);
  if ((flags & FLAG_STORED) === 0 || startMs < range.fromMs || startMs >= range.toMs) return false;
  const endMs = layout.endAt < 0 ? startMs + layout.sizeMs : getU48(view, at + layout.endAt);
  if (endMs + layout.retentionMs <= range.nowMs) return false;
  const updatedMs = getU48(view, at + UPDATED_AT);
  const row = into.add(
    startMs,
    endMs,
    view.getUint32(at + REVISION_AT, true),
    flags,
    updatedMs,
    layout.firstSeenAt < 0 ? updatedMs : getU48(view, at + layout.firstSeenAt),
  );
  for (let i = 0; i < layout.measures; i += 1) {
    into.measures[i]![row] = view.getFloat64(at + layout.measuresAt + i * MEASURE_BYTES, true);
  }
  return true;
}

/**
 * Adds the points of a bucket of fixed windows, in order of start; returns how many. `bytes` may be shorter than the
 * bucket: missing slots were never written.
 */
export function readBucket(
  layout: BucketLayout,
  view: DataView,
  bucket: number,
  range: SlotRange,
  into: PointColumns,
): number {
  const { advanceMs, sizeMs, retentionMs, slotBytes, firstSeenAt, measuresAt } = layout;
  const base = bucket * layout.spanMs + layout.offsetMs;
  const slots = Math.min(layout.windows, Math.floor(view.byteLength / slotBytes));
  const fromMs = Math.max(range.fromMs, range.nowMs - retentionMs - sizeMs + 1);
  const first = Math.max(0, Math.ceil((fromMs - base) / advanceMs));
  const end = Math.min(slots, Math.ceil((range.toMs - base) / advanceMs));
  if (first >= end) return 0;
  into.reserve(end - first);
  // By column and without a call per point: hundreds of thousands are read for one answer.
  const { starts, ends, revisions, updated, firstSeen, flags, measures, length: before } = into;
  let row = before;
  for (let slot = first; slot < end; slot += 1) {
    const at = slot * slotBytes;
    const flag = slotFlags(view, at);
    if ((flag & FLAG_STORED) === 0) continue;
    const startMs = base + slot * advanceMs;
    const updatedMs = slotUpdatedMs(view, at);
    starts[row] = startMs;
    ends[row] = startMs + sizeMs;
    revisions[row] = slotRevision(view, at);
    updated[row] = updatedMs;
    firstSeen[row] = firstSeenAt < 0 ? updatedMs : getU48(view, at + firstSeenAt);
    flags[row] = flag;
    for (let i = 0; i < measures.length; i += 1) {
      measures[i]![row] = view.getFloat64(at + measuresAt + i * MEASURE_BYTES, true);
    }
    row += 1;
  }
  into.length = row;
  return row - before;
}
