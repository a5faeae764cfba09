import type { CardStat } from '../options/panel-options';

/** Last, min, max, average, sum and count of the numbers of a range, oldest first; null where there are none. */
export function rangeNumbers(values: readonly number[]): Record<CardStat, number | null> {
  const last = values.at(-1);
  if (last === undefined) return { last: null, min: null, max: null, avg: null, sum: null, count: 0 };
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { last, min, max, avg: sum / values.length, sum, count: values.length };
}
