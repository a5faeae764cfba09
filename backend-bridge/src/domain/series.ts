import type { Metric } from './metric';

/** Dimension name to value. A dimension without a value is the empty string. */
export type Labels = Readonly<Record<string, string>>;

/** A stored series. The id is assigned by the store, unique within the metric. */
export interface Series {
  readonly id: number;
  /** Dimension values in the order of the metric's dimensions. */
  readonly values: readonly string[];
}

/** Canonical text of a series' dimension values. */
export function seriesKey(values: readonly string[]): string {
  return JSON.stringify(values);
}

export function labelsOf(metric: Metric, values: readonly string[]): Labels {
  const labels: Record<string, string> = {};
  metric.dimensions.forEach((dimension, index) => {
    labels[dimension.name] = values[index] ?? '';
  });
  return labels;
}

/**
 * Order of two label tuples: by code units, dimension by dimension. Every bridge sorts alike, so floating-point sums
 * have the same bits.
 */
export function compareValues(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a[i]!;
    const right = b[i]!;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
