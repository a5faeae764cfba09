import { spanMs, standsAlone } from '../domain/finality';
import type { Plan } from '../domain/query-answer';
import { isIrregular } from '../domain/windows';

/**
 * When a point of a plan closes: as soon as the metric's finalBeforeMs has reached this. The same rule as
 * `openAfter` of the domain, turned around so that a point can wait for it. -Infinity: it never was open.
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
