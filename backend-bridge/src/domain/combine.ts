import type { Weights } from './combination-rules';
import type { Combine } from './metric';
import { FLAG_REMOVED, lacksMeasure, type PointColumns } from './point';

/**
 * Combines many series into one, window by window. Members must be in label order, so that sums have the same bits
 * everywhere.
 */

/** The properties of a measure needed to combine it. */
export interface CombineRule {
  /** Index of the measure. */
  readonly measure: number;
  readonly combine: Combine;
  /** The sum and count behind an average; null for other measures. */
  readonly weights: Weights | null;
}

/**
 * Intermediate points as columns in time order. `parts` is the number of stored values in a value; 0 when all members
 * are removed or lack the measure (revision and times still count), negative when they come to no value.
 */
export interface CombinedPoints {
  readonly times: number[];
  readonly ends: number[];
  readonly values: number[];
  readonly parts: number[];
  readonly revisions: number[];
  readonly updated: number[];
  /** For averages with weights, else empty. NaN: a part lacks its sum or count. */
  readonly sums: number[];
  readonly counts: number[];
  /** Number of points without a value because a part of an average lacks its sum or count. */
  uncombinable: number;
}

export function emptyPoints(): CombinedPoints {
  return {
    times: [],
    ends: [],
    values: [],
    parts: [],
    revisions: [],
    updated: [],
    sums: [],
    counts: [],
    uncombinable: 0,
  };
}

/** The value of an average: the stored one for a single part, else sum / count; none where these are missing or 0. */
export function settleAverage(points: CombinedPoints, row: number): void {
  const parts = points.parts[row]!;
  if (parts <= 1) return;
  const sum = points.sums[row]!;
  const count = points.counts[row]!;
  const lacking = Number.isNaN(count) || Number.isNaN(sum);
  if (lacking) points.uncombinable += 1;
  if (lacking || count === 0) {
    points.parts[row] = -parts;
    points.values[row] = Number.NaN;
  } else points.values[row] = sum / count;
}

/** Accumulates the points of one group, member by member. */
export class WindowTable {
  private readonly points = emptyPoints();
  private readonly rows = new Map<number, number>();
  private ascending = true;
  private alone: PointColumns | null = null;
  private members = 0;

  constructor(private readonly rule: CombineRule) {}

  add(columns: PointColumns): void {
    this.members += 1;
    if (this.members === 1) {
      this.alone = columns;
      return;
    }
    if (this.alone !== null) {
      const first = this.alone;
      this.alone = null;
      this.merge(first);
    }
    this.merge(columns);
  }

  /** All windows in order of their start. Consumes the table. */
  finish(): CombinedPoints {
    if (this.alone !== null) return single(this.alone, this.rule);
    const { points } = this;
    if (this.rule.weights !== null) {
      for (let row = 0; row < points.times.length; row += 1) settleAverage(points, row);
    }
    return this.ascending ? points : sortedByTime(points);
  }

  private merge(columns: PointColumns): void {
    const { points, rule } = this;
    const { measure, combine, weights } = rule;
    const { starts, ends, revisions, updated, flags } = columns;
    const values = columns.measures[measure]!;
    // Hundreds of thousands of points go through here for one answer: the columns are looked up once.
    const { times, values: sums, parts } = points;
    let expected = 0;
    for (let from = 0; from < columns.length; from += 1) {
      const start = starts[from]!;
      // Series usually have the same windows: try the row after the last one first.
      const row = times[expected] === start ? expected : this.rowAt(start, ends[from]!);
      expected = row + 1;
      points.revisions[row]! += revisions[from]!;
      if (ends[from]! > points.ends[row]!) points.ends[row] = ends[from]!;
      if (updated[from]! > points.updated[row]!) points.updated[row] = updated[from]!;
      const flag = flags[from]!;
      if ((flag & FLAG_REMOVED) !== 0) continue;
      if (weights !== null) {
        addAverage(points, row, columns, from, measure, weights);
      } else if (!lacksMeasure(flag, measure)) {
        const before = parts[row]!;
        sums[row] = before === 0 ? values[from]! : across(combine, sums[row]!, values[from]!);
        parts[row] = before + 1;
      }
    }
  }

  /** The row of a window, which is made where there is none. */
  private rowAt(startMs: number, endMs: number): number {
    const { points, rows, rule } = this;
    const known = rows.get(startMs);
    if (known !== undefined) return known;
    const row = points.times.length;
    if (row > 0 && points.times[row - 1]! > startMs) this.ascending = false;
    rows.set(startMs, row);
    points.times.push(startMs);
    points.ends.push(endMs);
    points.values.push(Number.NaN);
    points.parts.push(0);
    points.revisions.push(0);
    points.updated.push(0);
    if (rule.weights !== null) {
      points.sums.push(0);
      points.counts.push(0);
    }
    return row;
  }
}

/** `distinct` and `none` reach this only where filters leave one series, which has one value for a window. */
function across(combine: Combine, a: number, b: number): number {
  switch (combine) {
    case 'sum':
      return a + b;
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'avg':
    case 'distinct':
    case 'none':
      return b;
  }
}

/** Like every measure, a missing average is ignored; one without its sum or count cannot be weighted. */
function addAverage(
  points: CombinedPoints,
  row: number,
  columns: PointColumns,
  from: number,
  measure: number,
  weights: Weights,
): void {
  const own = columns.value(from, measure);
  if (own === undefined) return;
  const parts = points.parts[row]! + 1;
  points.parts[row] = parts;
  points.sums[row]! += columns.value(from, weights.sum) ?? Number.NaN;
  points.counts[row]! += columns.value(from, weights.count) ?? Number.NaN;
  if (parts === 1) points.values[row] = own;
}

function single(columns: PointColumns, rule: CombineRule): CombinedPoints {
  const points = emptyPoints();
  const { starts, ends, revisions, updated } = columns;
  for (let row = 0; row < columns.length; row += 1) {
    points.times.push(starts[row]!);
    points.ends.push(ends[row]!);
    points.revisions.push(revisions[row]!);
    points.updated.push(updated[row]!);
    if (rule.weights !== null) {
      points.values.push(Number.NaN);
      points.parts.push(0);
      points.sums.push(0);
      points.counts.push(0);
      if (!columns.removed(row)) addAverage(points, row, columns, row, rule.measure, rule.weights);
    } else {
      const value = columns.value(row, rule.measure);
      points.values.push(value ?? Number.NaN);
      points.parts.push(value === undefined ? 0 : 1);
    }
  }
  return points;
}

function sortedByTime(points: CombinedPoints): CombinedPoints {
  const order = points.times.map((_, row) => row).sort((a, b) => points.times[a]! - points.times[b]!);
  const pick = (column: number[]): number[] =>
    column.length === 0 ? column : order.map((row) => column[row]!);
  return {
    times: pick(points.times),
    ends: pick(points.ends),
    values: pick(points.values),
    parts: pick(points.parts),
    revisions: pick(points.revisions),
    updated: pick(points.updated),
    sums: pick(points.sums),
    counts: pick(points.counts),
    uncombinable: points.uncombinable,
  };
}

/** The rows at these times only. */
export function onlyAt(points: CombinedPoints, times: ReadonlySet<number>): CombinedPoints {
  if (points.times.every((time) => times.has(time))) return points;
  const keep = (column: number[]): number[] => column.filter((_, row) => times.has(points.times[row]!));
  return {
    times: keep(points.times),
    ends: keep(points.ends),
    values: keep(points.values),
    parts: keep(points.parts),
    revisions: keep(points.revisions),
    updated: keep(points.updated),
    sums: keep(points.sums),
    counts: keep(points.counts),
    uncombinable: points.uncombinable,
  };
}
