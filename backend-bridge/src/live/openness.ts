import { spanMs, standsAlone } from '../domain/finality';
import type { Plan } from '../domain/query-answer';
import { isIrregular } from '../domain/windows';

/**
 * The finalBeforeMs at which a point of a plan becomes final; -Infinity when it never was open. The inverse of the
 * domain's `openAfter`, so that a point can wait for it.
 * @param endMs the window's end; needed for irregular windows only
 */
export function closesMs(plan: Plan, time: number, endMs: number | null): number {
  const { window, finalOnly } = plan.metric;
  if (finalOnly && standsAlone(plan)) return Number.NEGATIVE_INFINITY;
  if (isIrregular(window)) return (endMs ?? time) + window.graceMs;
  return time + spanMs(plan) + window.graceMs;
}

export function isOpen(closes: number, finalBeforeMs: number | null): boolean {
  if (closes === Number.NEGATIVE_INFINITY) return false;
  return finalBeforeMs === null || closes > finalBeforeMs;
}
