/** Distances of times, and what they have in common. */

export const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Ascending, each once. */
export const distinct = (times: Iterable<number>): number[] => [...new Set(times)].sort((a, b) => a - b);

/** How often each occurs, most frequent first. */
export function frequencies(values: Iterable<number>): [value: number, count: number][] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

export interface Grid {
  /** What all distances are multiples of, ms; 0: there are no two times. */
  readonly step: number;
  /** time mod step. */
  readonly offset: number;
  /** How many different times there are. */
  readonly times: number;
  /** How many do not lie on it. */
  readonly outside: number;
}

/** A few times off the grid that all others are on are damaged records. */
const MOST_OUTSIDE = 0.05;

/** The grid that the times lie on. */
export function gridOf(times: Iterable<number>): Grid {
  const sorted = distinct(times);
  const first = sorted[0] ?? 0;
  const distances = sorted.slice(1).map((time, i) => time - sorted[i]!);
  const step = distances.reduce(gcd, 0);
  const usual = frequencies(distances)[0]?.[0] ?? 0;
  if (usual > step) {
    const [[offset, count] = [0, 0]] = frequencies(sorted.map((time) => time % usual));
    const outside = sorted.length - count;
    if (outside <= sorted.length * MOST_OUTSIDE)
      return { step: usual, offset, times: sorted.length, outside };
  }
  return { step, offset: step === 0 ? 0 : first % step, times: sorted.length, outside: 0 };
}
