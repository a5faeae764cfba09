import type { Metric } from '../domain/metric';

const WINDOWS = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440] as const;

/** Steps that a query on the metric may have, ascending; none for sessions. */
export function stepLadder(metric: Metric): readonly number[] {
  return metric.window.advanceMs === 0 ? [] : WINDOWS.map((windows) => windows * metric.window.advanceMs);
}
