const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** As pkg/live/ladder.go: a few spans, so that panels with slightly different ranges share one. */
const LADDER_MS = [
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
  30 * DAY_MS,
];
/** `now-6h` was worked out a moment before the clock is read here: that is still six hours, not twelve. */
export const MOMENT_MS = 5_000;

/** The start of a range rounded down to the ladder; past its end 0, which is everything. */
export function reachBack(fromMs: number, nowMs: number): number {
  const span = LADDER_MS.find((reach) => fromMs >= nowMs - reach - MOMENT_MS);
  return span === undefined ? 0 : Math.min(fromMs, nowMs - span);
}
