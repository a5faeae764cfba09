import type { Metric } from './metric';
import { isStepped, mayCombineSeries } from './plan';
import type { Progress } from './progress';
import type { Plan } from './query-answer';
import { isIrregular } from './windows';

/** Rules for which points may still change. */

/** Whether a window is final: its end + grace has passed, or the stream is final-only. */
export function isWindowFinal(metric: Metric, endMs: number, progress: Progress): boolean {
  if (metric.finalOnly) return true;
  return progress.finalBeforeMs !== null && endMs + metric.window.graceMs <= progress.finalBeforeMs;
}

/** Whether points of the plan are stored points: one window of one series. */
export function standsAlone(plan: Plan): boolean {
  return !isStepped(plan) && !mayCombineSeries(plan);
}

/** From a point's time to the end of its last window; 0 for irregular windows, whose ends are stored. */
export function spanMs(plan: Pick<Plan, 'metric' | 'stepMs'>): number {
  const { window } = plan.metric;
  if (isIrregular(window)) return 0;
  return isStepped(plan) ? plan.stepMs - window.advanceMs + window.sizeMs : window.sizeMs;
}

/**
 * Points that end after this are open. Combined or stepped points of a final-only metric are open until their span is
 * over, since a member may still be missing; stored points never are.
 */
export function openAfter(plan: Plan, progress: Progress): number {
  if (plan.metric.finalOnly && standsAlone(plan)) return Number.POSITIVE_INFINITY;
  if (progress.finalBeforeMs === null) return Number.NEGATIVE_INFINITY;
  return progress.finalBeforeMs - plan.metric.window.graceMs;
}

/**
 * Steps that begin before this have closed, including those without a value; null: none has. Also for final-only
 * metrics, whose points are final at once, but where only the watermark shows that one is missing.
 */
export function closedBefore(plan: Plan, progress: Progress): number | null {
  if (progress.finalBeforeMs === null) return null;
  return progress.finalBeforeMs - plan.metric.window.graceMs - spanMs(plan) + 1;
}

/**
 * The boundary between closed and open points: a point whose time is at or after it is open. It never goes back.
 * Infinity: none is open; -Infinity: all are. Irregular windows close by their ends, not their starts: of them every point
 * at or after the boundary is open, and an earlier one is if it ends after `openAfter`.
 */
export function openFrom(plan: Plan, progress: Progress): number {
  return openAfter(plan, progress) - spanMs(plan) + 1;
}
