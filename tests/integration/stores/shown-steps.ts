import type { OverTime } from '../../../backend-bridge/src/domain/metric';
import type { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import { plainPoints, type Window } from '../../support/history-windows';

/** Steps as the engine answers them, beside what their windows come to. */

/** As text: toEqual takes most of the time for thousands of points. */
export function expectSame(what: string, found: Shown, right: Shown): void {
  expect(`${what}: ${JSON.stringify(found)}`).toBe(`${what}: ${JSON.stringify(right)}`);
}

type Answered = Awaited<ReturnType<QueryEngine['query']>>['series'][number];
export type Shown = readonly (readonly [time: number, value: number | null, revision: number])[];

/** -0 and 0 are one number in JSON. */
export const unsigned = (value: number | null): number | null => (value === null ? null : value + 0);

export function shown(series: Answered | undefined): Shown {
  if (series === undefined) return [];
  return [
    ...series.times.map((time, i) => [time, unsigned(series.values[i]!), series.revisions[i]!] as const),
    ...series.removed.map((time, i) => [time, null, series.removedRevisions[i]!] as const),
  ].sort((a, b) => a[0] - b[0]);
}

export function expected(
  windows: readonly Window[],
  measure: number,
  rule: OverTime,
  step: number,
  offsetMs: number,
): Shown {
  return plainPoints(windows, measure, rule, step).map(
    ({ time, value, revision }) => [time + offsetMs, unsigned(value ?? null), revision] as const,
  );
}
