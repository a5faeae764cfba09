import { frozenBeforeMs, lifetimeMs } from '../domain/history/tiers';
import {
  applyToSlot,
  bucketExpiresMs,
  bucketOf,
  endOf,
  fitsSlot,
  slotFirstSeenMs,
  slotFlags,
  slotMeasures,
  slotOf,
  slotProvenance,
  slotRevision,
  slotEndMs,
  type BucketLayout,
} from '../domain/packed-point';
import type { PointWrite } from '../domain/point';
import { compareProvenance, type Verdict } from '../domain/revision';
import type { PointChange, WriteBatch, WriteOutcome } from '../domain/store';
import type { MetricState } from './metric-state';
import type { SlotStaging, StagedValue } from './slot-staging';

export interface AppliedBatch {
  readonly outcome: WriteOutcome;
  /** In batch order; empty without listeners. */
  readonly changes: readonly PointChange[];
  /** True when points or progress changed and listeners must be notified. */
  readonly moved: boolean;
}

const nothing = (outcome: WriteOutcome): AppliedBatch => ({ outcome, changes: [], moved: false });

/**
 * Applies one slice to the state and the staged slots; the caller saves both in one transaction. While the clock is not
 * `certain`, nothing expires and progress does not move.
 */
export function applyBatch(
  state: MetricState,
  staging: SlotStaging,
  batch: WriteBatch,
  wantChanges: boolean,
  certain: boolean,
): AppliedBatch {
  const { metric, layout, topic } = state;
  const { partition, partitions, nowMs } = batch;
  if (topic?.topicId !== batch.topicId || topic.partitions !== partitions || partition >= partitions) {
    return nothing({ kind: 'stale_topic' });
  }
  const before = state.partition(partition);
  if (batch.fromOffset > before.applied + 1)
    return nothing({ kind: 'gap', neededOffset: before.applied + 1 });

  const finalBeforeMs = state.progress.finalBeforeMs ?? Number.NEGATIVE_INFINITY;
  const changes: PointChange[] = [];
  const conflicts: number[] = [];
  const overCap: number[] = [];
  let accepted = 0;
  let ignored = 0;
  let expired = 0;
  let corrected = 0;
  for (let index = 0; index < batch.points.length; index += 1) {
    const point = batch.points[index]!;
    const endMs = endOf(layout, point.startMs, point.endMs);
    if (isExpired(state, point.startMs, endMs, nowMs, certain)) {
      expired += 1;
      continue;
    }
    if (!fitsSlot(layout, point, partition)) {
      conflicts.push(index);
      continue;
    }
    const seriesId = seriesFor(state, staging, point);
    if (seriesId === null) {
      overCap.push(index);
      continue;
    }
    const value = staging.value(point.startMs, seriesId);
    const at = slotOf(layout, point.startMs) * layout.slotBytes;
    const verdict = judge(layout, value.view, at, point, batch);
    if (verdict === 'newer') {
      const wasStored = slotFlags(value.view, at) !== 0;
      applyToSlot(layout, value.view, at, point, partition, nowMs);
      noteValue(state, staging, value, point, seriesId);
      accepted += 1;
      if (metric.finalOnly ? wasStored : endMs + metric.window.graceMs <= finalBeforeMs) corrected += 1;
      if (wantChanges) changes.push(changeOf(layout, value.view, at, point, seriesId, nowMs));
    } else if (verdict === 'older') ignored += 1;
    else conflicts.push(index);
  }

  const goesOn = batch.toOffset > before.applied;
  const somethingCame = batch.points.length > 0 || batch.maxEventMs !== null;
  state.setPartition(partition, {
    ...before,
    applied: goesOn ? batch.toOffset : before.applied,
    // A partition that receives records is not idle, even if every report finds its reader at the end.
    atEndSinceMs: goesOn && somethingCame ? null : before.atEndSinceMs,
    // At most the clock: one record with a future timestamp must not make the watermark follow the clock.
    maxEventMs: newest(
      before.maxEventMs,
      batch.maxEventMs === null ? null : Math.min(batch.maxEventMs, nowMs),
    ),
  });
  if (overCap.length > 0) state.progress = { ...state.progress, seriesRefusedMs: nowMs };
  const progressed = certain && state.advance(nowMs);
  return {
    outcome: { kind: 'applied', accepted, ignored, expired, corrected, conflicts, overCap },
    changes,
    moved: progressed || accepted > 0,
  };
}

function newest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

/**
 * Whether a window no longer accepts records. With history, windows accept records until stream time has passed their
 * retention, so that a topic which reaches further back fills the history.
 */
function isExpired(
  { metric, progress, history }: MetricState,
  startMs: number,
  endMs: number,
  nowMs: number,
  certain: boolean,
): boolean {
  if (history === null) return certain && endMs + metric.retentionMs <= nowMs;
  if (startMs < history.sealingToMs) return true;
  return certain && (endMs <= frozenBeforeMs(metric, progress, nowMs) || endMs + lifetimeMs(metric) <= nowMs);
}

/** Id of the point's series, created if missing; null above the metric's cap. */
function seriesFor(state: MetricState, staging: SlotStaging, point: PointWrite): number | null {
  const known = state.series.find(point.values);
  if (known !== undefined) return known;
  if (state.series.size >= state.metric.maxSeries) return null;
  const id = state.takeSeriesId();
  state.series.add(id, point.values, Number.NEGATIVE_INFINITY);
  staging.seriesChanged(id);
  return id;
}

function judge(
  layout: BucketLayout,
  view: DataView,
  at: number,
  point: PointWrite,
  batch: WriteBatch,
): Verdict {
  if (slotFlags(view, at) === 0) return 'newer';
  const { incarnation, offset } = point;
  const arriving = { incarnation, offset, partition: batch.partition, keyHash: point.keyHash >>> 0 };
  const verdict = compareProvenance(slotProvenance(view, at), arriving, batch.partitions);
  if (verdict === 'newer' && point.removed && layout.irregular) {
    // A tombstone removes only the session with that end.
    if (slotEndMs(layout, view, at) !== point.endMs) return 'older';
  }
  return verdict;
}

function noteValue(
  state: MetricState,
  staging: SlotStaging,
  value: StagedValue,
  point: PointWrite,
  seriesId: number,
): void {
  const first = value.fresh && !value.changed;
  value.changed = true;
  if (!first && !state.layout.irregular) return;
  const bucket = bucketOf(state.layout, point.startMs);
  state.buckets.add(bucket);
  const expiresMs = state.layout.irregular
    ? point.endMs + state.layout.retentionMs
    : bucketExpiresMs(state.layout, bucket);
  if (state.series.extend(seriesId, expiresMs + state.afterRetentionMs)) staging.seriesChanged(seriesId);
}

function changeOf(
  layout: BucketLayout,
  view: DataView,
  at: number,
  point: PointWrite,
  seriesId: number,
  nowMs: number,
): PointChange {
  return {
    seriesId,
    values: point.values,
    startMs: point.startMs,
    endMs: endOf(layout, point.startMs, point.endMs),
    measures: slotMeasures(layout, view, at),
    removed: point.removed,
    revision: slotRevision(view, at),
    updatedMs: nowMs,
    firstSeenMs: slotFirstSeenMs(layout, view, at),
  };
}
