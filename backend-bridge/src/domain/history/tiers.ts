import { weightsOf } from '../combination-rules';
import { alignDown } from '../ladder';
import type { HistoryTier, Metric, OverTime } from '../metric';
import type { Progress } from '../progress';
import { offsetOf } from '../windows';

/**
 * The steps that a metric keeps, and when its windows are sealed. One boundary divides a metric: windows that begin
 * before it are sealed, so every tier has their steps and the windows are deleted; later ones are stored as the stream
 * wrote them. Windows past the retention no longer change, so answers do not depend on the boundary.
 */

export function tiersOf(metric: Metric): readonly HistoryTier[] {
  return metric.history ?? [];
}

export function hasHistory(metric: Metric): boolean {
  return tiersOf(metric).length > 0;
}

/** How long a window or its steps are kept after its end. */
export function lifetimeMs(metric: Metric): number {
  return Math.max(metric.retentionMs, ...tiersOf(metric).map(({ keepMs }) => keepMs));
}

/** The boundary lies at multiples of the longest step: so it divides the steps of every tier. 0: no tiers. */
export function sealUnitMs(metric: Metric): number {
  return tiersOf(metric).at(-1)?.stepMs ?? 0;
}

/**
 * Windows that end at or before this no longer change: retention is over by the clock, and by the stream's own time, so
 * that a topic which is read from three weeks back may correct its windows on the way as it did when it was live.
 * -Infinity: none.
 */
export function frozenBeforeMs(metric: Metric, progress: Progress, nowMs: number): number {
  if (progress.finalBeforeMs === null) return Number.NEGATIVE_INFINITY;
  return Math.min(nowMs, progress.finalBeforeMs) - metric.retentionMs;
}

/** Where the boundary may be now: the windows that begin before it are frozen. Null: no step is. */
export function sealTargetMs(metric: Metric, progress: Progress, nowMs: number): number | null {
  const frozen = frozenBeforeMs(metric, progress, nowMs);
  if (!Number.isFinite(frozen)) return null;
  const { sizeMs, advanceMs } = metric.window;
  const target = alignDown(frozen - sizeMs + advanceMs - offsetOf(metric.window), sealUnitMs(metric));
  return target > 0 ? target : null;
}

/** The first start of a step that has not expired. */
export function tierCutMs(tier: HistoryTier, nowMs: number): number {
  return Math.max(0, alignDown(nowMs - tier.keepMs, tier.stepMs));
}

/**
 * Whether steps of single series hold what such a point needs. Where several series are combined, the largest of their
 * sums over time, say, is known only from their windows.
 */
export function foldsFromSteps(
  metric: Metric,
  measure: number,
  overTime: OverTime,
  severalSeries: boolean,
): boolean {
  if (!severalSeries) return true;
  const definition = metric.measures[measure]!;
  switch (definition.combine) {
    case 'sum':
      return overTime === 'sum' || overTime === 'avg' || overTime === 'last';
    case 'min':
    case 'max':
      return overTime === definition.combine || overTime === 'last';
    case 'avg':
      return (overTime === 'avg' || overTime === 'last') && weightsOf(metric, definition) !== null;
    case 'distinct':
    case 'none':
      return false;
  }
}

/** Whether points of such a step are kept from a time on, or as far back as any are. */
export function reaches(metric: Metric, stepMs: number, fromMs: number, nowMs: number): boolean {
  const tiers = tiersOf(metric);
  if (tiers.length === 0 || fromMs >= nowMs - metric.retentionMs) return true;
  const firstMs = Math.max(fromMs, tierCutMs(tiers.at(-1)!, nowMs));
  return tiers.some((tier) => stepMs % tier.stepMs === 0 && firstMs >= tierCutMs(tier, nowMs));
}
