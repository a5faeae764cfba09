import { emptyPoints, type CombinedPoints, type CombineRule } from '../combine';
import { alignDown } from '../ladder';
import type { Combine, OverTime } from '../metric';
import { ExactSums } from './exact-sums';
import { finiteCount, type MeasureSteps, type StepColumns } from './step-columns';

export interface StepTableRule extends CombineRule {
  readonly overTime: OverTime;
  /** Of the steps that come out: a multiple of that of those that go in. */
  readonly stepMs: number;
  /** Windows in a step that goes in. */
  readonly windows: number;
  /** From a multiple of stepMs to the start of its first window, at which the step is shown. */
  readonly offsetMs: number;
  /** From there to the end of its last window. */
  readonly spanMs: number;
}

/**
 * The steps of one group of series: members go in one after another in label order, and come out as points of the
 * query's step. Sums are exact, so the answer is the same from steps of any length; `last` adds its members in label
 * order, as the windows themselves are combined.
 */
export class StepTable {
  private readonly starts: number[] = [];
  private readonly revisions: number[] = [];
  private readonly updated: number[] = [];
  /** Values in the row, over all members; a value that cannot be weighed counts. */
  private readonly parts: number[] = [];
  /** Distinct windows with a value: a mask, or all of them. */
  private readonly masks: bigint[] = [];
  private readonly full: boolean[] = [];
  private readonly sums = new ExactSums();
  private readonly counts = new ExactSums();
  private readonly lacking: number[] = [];
  private readonly nan: number[] = [];
  private readonly plus: number[] = [];
  private readonly minus: number[] = [];
  /** The least, the largest or the last value, by the rule; for averages the first one. */
  private readonly values: number[] = [];
  /** Window of the last value, and the sum, count and values there, for averages. */
  private readonly tops: number[] = [];
  private readonly topSums: number[] = [];
  private readonly topCounts: number[] = [];
  private readonly topParts: number[] = [];
  private readonly rows = new Map<number, number>();
  private ascending = true;

  constructor(private readonly rule: StepTableRule) {}

  add(steps: StepColumns): void {
    const { measure: index, weights } = this.rule;
    const measure = steps.measures[index]!;
    let expected = 0;
    for (let from = 0; from < steps.starts.length; from += 1) {
      const start = steps.starts[from]!;
      const row = this.starts[expected] === start ? expected : this.rowOf(start);
      expected = row + 1;
      this.revisions[row]! += steps.revisions[from]!;
      if (steps.updated[from]! > this.updated[row]!) this.updated[row] = steps.updated[from]!;
      if (measure.counts[from] === 0) continue;
      switch (this.rule.overTime) {
        case 'min':
        case 'max':
          this.addExtreme(row, measure, from, this.rule.overTime);
          break;
        case 'last':
          this.addLast(row, measure, from);
          break;
        case 'avg':
        case 'sum':
          if (weights !== null) this.addWeighted(row, measure, from);
          else this.addSum(row, measure, from);
      }
      this.parts[row]! += measure.counts[from]!;
    }
  }

  /** All points in order of time. The table is used up. */
  finish(): CombinedPoints {
    const order = this.starts.map((_, row) => row);
    if (!this.ascending) order.sort((a, b) => this.starts[a]! - this.starts[b]!);
    const points = emptyPoints();
    for (let from = 0; from < order.length;) {
      const time = alignDown(this.starts[order[from]!]!, this.rule.stepMs);
      let to = from + 1;
      while (to < order.length && alignDown(this.starts[order[to]!]!, this.rule.stepMs) === time) to += 1;
      this.point(points, time, order.slice(from, to));
      from = to;
    }
    return points;
  }

  private rowOf(start: number): number {
    const known = this.rows.get(start);
    if (known !== undefined) return known;
    const row = this.starts.length;
    if (row > 0 && this.starts[row - 1]! > start) this.ascending = false;
    this.rows.set(start, row);
    this.starts.push(start);
    for (const column of [this.revisions, this.updated, this.parts, this.lacking, this.nan, this.plus]) {
      column.push(0);
    }
    for (const column of [this.minus, this.topSums, this.topCounts, this.topParts]) column.push(0);
    this.masks.push(0n);
    this.full.push(false);
    this.sums.push();
    this.counts.push();
    this.values.push(Number.NaN);
    this.tops.push(-1);
    return row;
  }

  private addSum(row: number, measure: MeasureSteps, from: number): void {
    this.sums.addSum(row, measure.sums, from);
    if (measure.counts[from] === this.rule.windows) this.full[row] = true;
    else if (!this.full[row]!) this.masks[row]! |= measure.masks[from]!;
    const special = measure.specials.get(from);
    if (special === undefined) return;
    this.nan[row]! += special.nan;
    this.plus[row]! += special.plus;
    this.minus[row]! += special.minus;
  }

  private addWeighted(row: number, measure: MeasureSteps, from: number): void {
    if (this.parts[row] === 0) this.values[row] = measure.lasts[from]!;
    this.sums.addSum(row, measure.weights!.sums, from);
    this.counts.addSum(row, measure.weights!.counts, from);
    this.lacking[row]! += measure.weights!.lacking[from]!;
  }

  private addExtreme(row: number, measure: MeasureSteps, from: number, which: 'min' | 'max'): void {
    const value = extreme(measure, from, which);
    this.values[row] = this.parts[row] === 0 ? value : Math[which](this.values[row]!, value);
  }

  private addLast(row: number, measure: MeasureSteps, from: number): void {
    const top = topWindow(measure, from, this.rule.windows);
    const value = measure.lasts[from]!;
    const { weights, combine } = this.rule;
    if (top < this.tops[row]!) return;
    if (top > this.tops[row]!) {
      this.tops[row] = top;
      this.values[row] = value;
      this.topSums[row] = 0;
      this.topCounts[row] = 0;
      this.topParts[row] = 0;
    } else if (weights === null) this.values[row] = across(combine, this.values[row]!, value);
    this.topParts[row]! += 1;
    if (weights === null) return;
    this.topSums[row]! += measure.weights!.lastSums[from]!;
    this.topCounts[row]! += measure.weights!.lastCounts[from]!;
  }

  private point(points: CombinedPoints, time: number, rows: readonly number[]): void {
    let revision = 0;
    let updated = 0;
    let parts = 0;
    for (const row of rows) {
      revision += this.revisions[row]!;
      updated = Math.max(updated, this.updated[row]!);
      parts += this.parts[row]!;
    }
    const filled = rows.filter((row) => this.parts[row]! > 0);
    const value = filled.length === 0 ? null : this.value(filled, parts, points);
    const shown = time + this.rule.offsetMs;
    points.times.push(shown);
    points.ends.push(shown + this.rule.spanMs);
    points.values.push(value ?? Number.NaN);
    points.parts.push(value === null ? 0 : parts);
    points.revisions.push(revision);
    points.updated.push(updated);
  }

  /** Null where an average cannot be weighed. */
  private value(rows: readonly number[], parts: number, points: CombinedPoints): number | null {
    const { overTime, weights } = this.rule;
    switch (overTime) {
      case 'min':
      case 'max':
        return rows.map((row) => this.values[row]!).reduce((a, b) => Math[overTime](a, b));
      case 'last':
        return this.last(rows.at(-1)!, points);
      case 'avg':
      case 'sum':
        if (weights !== null && parts === 1) return this.values[rows[0]!]!;
        if (weights !== null) return this.weighted(rows, points);
        return overTime === 'sum' ? this.total(rows) : this.total(rows) / this.windows(rows);
    }
  }

  private total(rows: readonly number[]): number {
    const total = new ExactSums();
    const at = total.push();
    let [nan, plus, minus] = [0, 0, 0];
    for (const row of rows) {
      total.addSum(at, this.sums, row);
      nan += this.nan[row]!;
      plus += this.plus[row]!;
      minus += this.minus[row]!;
    }
    if (nan > 0 || (plus > 0 && minus > 0)) return Number.NaN;
    if (plus > 0) return Number.POSITIVE_INFINITY;
    return minus > 0 ? Number.NEGATIVE_INFINITY : total.number(at);
  }

  private windows(rows: readonly number[]): number {
    let windows = 0;
    for (const row of rows) {
      if (this.full[row]!) windows += this.rule.windows;
      else for (let mask = this.masks[row]!; mask > 0n; mask &= mask - 1n) windows += 1;
    }
    return windows;
  }

  private weighted(rows: readonly number[], points: CombinedPoints): number | null {
    if (rows.some((row) => this.lacking[row]! > 0)) {
      points.uncombinable += 1;
      return null;
    }
    const total = new ExactSums();
    const [sum, count] = [total.push(), total.push()];
    for (const row of rows) {
      total.addSum(sum, this.sums, row);
      total.addSum(count, this.counts, row);
    }
    return total.number(count) === 0 ? null : total.number(sum) / total.number(count);
  }

  private last(row: number, points: CombinedPoints): number | null {
    if (this.rule.weights === null || this.topParts[row] === 1) return this.values[row]!;
    const sum = this.topSums[row]!;
    const count = this.topCounts[row]!;
    if (Number.isNaN(sum) || Number.isNaN(count)) {
      points.uncombinable += 1;
      return null;
    }
    return count === 0 ? null : sum / count;
  }
}

/** As windows are combined across series. */
function across(combine: Combine, a: number, b: number): number {
  if (combine === 'min') return Math.min(a, b);
  return combine === 'max' ? Math.max(a, b) : a + b;
}

function extreme(measure: MeasureSteps, row: number, which: 'min' | 'max'): number {
  const special = measure.specials.size === 0 ? undefined : measure.specials.get(row);
  if (special === undefined) return which === 'min' ? measure.mins[row]! : measure.maxs[row]!;
  if (special.nan > 0) return Number.NaN;
  const [beyond, opposite] = which === 'min' ? [special.minus, Infinity] : [special.plus, -Infinity];
  if (beyond > 0) return -opposite;
  if (finiteCount(measure, row) === 0) return opposite;
  return which === 'min' ? measure.mins[row]! : measure.maxs[row]!;
}

/** Number of the last window with a value. */
function topWindow(measure: MeasureSteps, row: number, windows: number): number {
  return measure.counts[row] === windows ? windows - 1 : measure.masks[row]!.toString(2).length - 1;
}
