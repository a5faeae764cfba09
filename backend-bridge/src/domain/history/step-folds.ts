import type { CombinedPoints, CombineRule } from '../combine';
import type { Combine, OverTime } from '../metric';
import { ExactSums } from './exact-sums';
import type { MeasureSteps, Specials } from './step-columns';

export interface FoldRule extends CombineRule {
  readonly overTime: OverTime;
  /** Windows in a row. */
  readonly windows: number;
  /** Whether several members may go in. */
  readonly severalSeries: boolean;
}

/** What is known of the values in the rows of a table, by one rule over time. */
export interface StepFold {
  /** Adds a member's steps, the first to `rows[0]` and so on. The table counts its parts only after that. */
  add(rows: Int32Array, measure: MeasureSteps): void;
  /**
   * The value of the rows [from, to), which have `parts` values, at least one. Null where an average cannot be weighed;
   * for want of a sum or count that is noted in `points`.
   */
  value(from: number, to: number, parts: number, points: CombinedPoints): number | null;
}

/** `parts`: the table's own, by row. */
export function foldOf(rule: FoldRule, rows: number, parts: Float64Array): StepFold {
  switch (rule.overTime) {
    case 'min':
    case 'max':
      return new ExtremeFold(rule.overTime, rows, parts);
    case 'last':
      return new LastFold(rule, rows, parts);
    case 'avg':
    case 'sum':
      if (rule.weights !== null) return new WeightedFold(rows, parts);
      return new SumFold(rule, rows);
  }
}

class SumFold implements StepFold {
  private readonly sums: ExactSums;
  private readonly specials = new Map<number, Specials>();
  private readonly windows: DistinctWindows | null;

  constructor(
    private readonly rule: FoldRule,
    rows: number,
  ) {
    this.sums = new ExactSums(rows);
    this.sums.push(rows);
    this.windows =
      rule.overTime === 'avg' && rule.severalSeries ? new DistinctWindows(rows, rule.windows) : null;
  }

  add(rows: Int32Array, measure: MeasureSteps): void {
    this.sums.addRows(rows, measure.sums);
    this.windows?.add(rows, measure);
    for (const [i, { nan, plus, minus }] of measure.specials) {
      const before = this.specials.get(rows[i]!) ?? { nan: 0, plus: 0, minus: 0 };
      before.nan += nan;
      before.plus += plus;
      before.minus += minus;
      this.specials.set(rows[i]!, before);
    }
  }

  value(from: number, to: number, parts: number): number {
    const total = this.total(from, to);
    if (this.rule.overTime === 'sum') return total;
    return total / (this.windows === null ? parts : this.windows.count(from, to));
  }

  private total(from: number, to: number): number {
    if (this.specials.size === 0) return this.sums.total(from, to);
    let [nan, plus, minus] = [0, 0, 0];
    for (let row = from; row < to; row += 1) {
      const special = this.specials.get(row);
      nan += special?.nan ?? 0;
      plus += special?.plus ?? 0;
      minus += special?.minus ?? 0;
    }
    if (nan > 0 || (plus > 0 && minus > 0)) return Number.NaN;
    if (plus > 0) return Number.POSITIVE_INFINITY;
    return minus > 0 ? Number.NEGATIVE_INFINITY : this.sums.total(from, to);
  }
}

/** How many windows have a value in any member. */
export class DistinctWindows {
  private readonly full: Uint8Array;
  private readonly masks: Uint8Array;
  private readonly maskBytes: number;

  constructor(
    rows: number,
    private readonly windows: number,
  ) {
    this.maskBytes = Math.ceil(windows / 8);
    this.full = new Uint8Array(rows);
    this.masks = new Uint8Array(rows * this.maskBytes);
  }

  add(rows: Int32Array, { counts, masks }: MeasureSteps): void {
    const { full, windows, maskBytes } = this;
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i]!;
      if (counts[i] === windows) full[row] = 1;
      else if (full[row] === 0) {
        for (let at = 0; at < maskBytes; at += 1) {
          this.masks[row * maskBytes + at]! |= masks[i * maskBytes + at]!;
        }
      }
    }
  }

  /** Of the rows [from, to). */
  count(from: number, to: number): number {
    const { full, windows, maskBytes, masks } = this;
    let count = 0;
    for (let row = from; row < to; row += 1) {
      if (full[row] === 1) count += windows;
      else {
        for (let at = row * maskBytes; at < (row + 1) * maskBytes; at += 1) {
          for (let bits = masks[at]!; bits > 0; bits &= bits - 1) count += 1;
        }
      }
    }
    return count;
  }
}

/** Averages with the sum and count behind them. */
class WeightedFold implements StepFold {
  private readonly sums: ExactSums;
  private readonly counts: ExactSums;
  /** Windows without a sum or count. */
  private readonly lacking: Float64Array;
  /** Of the first member with a value. */
  private readonly firsts: Float64Array;

  constructor(
    rows: number,
    private readonly parts: Float64Array,
  ) {
    this.sums = new ExactSums(rows);
    this.sums.push(rows);
    this.counts = new ExactSums(rows);
    this.counts.push(rows);
    this.lacking = new Float64Array(rows);
    this.firsts = new Float64Array(rows);
  }

  add(rows: Int32Array, { counts, lasts, weights }: MeasureSteps): void {
    const { lacking, firsts, parts } = this;
    this.sums.addRows(rows, weights.sums);
    this.counts.addRows(rows, weights.counts);
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i]!;
      lacking[row]! += weights.lacking[i]!;
      if (parts[row] === 0 && counts[i]! > 0) firsts[row] = lasts[i]!;
    }
  }

  /** The stream's own number where there is one window only. */
  value(from: number, to: number, parts: number, points: CombinedPoints): number | null {
    let lacking = 0;
    for (let row = from; row < to; row += 1) {
      if (parts === 1 && this.parts[row] === 1) return this.firsts[row]!;
      lacking += this.lacking[row]!;
    }
    if (lacking > 0) {
      points.uncombinable += 1;
      return null;
    }
    const count = this.counts.total(from, to);
    return count === 0 ? null : this.sums.total(from, to) / count;
  }
}

class ExtremeFold implements StepFold {
  private readonly values: Float64Array;

  constructor(
    private readonly which: 'min' | 'max',
    rows: number,
    private readonly parts: Float64Array,
  ) {
    this.values = new Float64Array(rows);
  }

  add(rows: Int32Array, measure: MeasureSteps): void {
    const { which, values, parts } = this;
    for (let i = 0; i < rows.length; i += 1) {
      if (measure.counts[i] === 0) continue;
      const row = rows[i]!;
      const value = extreme(measure, i, which);
      values[row] = parts[row] === 0 ? value : Math[which](values[row]!, value);
    }
  }

  value(from: number, to: number): number {
    let value = this.which === 'min' ? Infinity : -Infinity;
    for (let row = from; row < to; row += 1) {
      if (this.parts[row]! > 0) value = Math[this.which](value, this.values[row]!);
    }
    return value;
  }
}

function extreme(measure: MeasureSteps, row: number, which: 'min' | 'max'): number {
  const column = which === 'min' ? measure.mins : measure.maxs;
  const special = measure.specials.size === 0 ? undefined : measure.specials.get(row);
  if (special === undefined) return column[row]!;
  if (special.nan > 0) return Number.NaN;
  const [beyond, opposite] = which === 'min' ? [special.minus, Infinity] : [special.plus, -Infinity];
  if (beyond > 0) return -opposite;
  return measure.finiteCount(row) === 0 ? opposite : column[row]!;
}

/** The newest window with a value; where several members have it, what they come to. */
class LastFold implements StepFold {
  private readonly values: Float64Array;
  /** Which window that is. */
  private readonly tops: Int32Array;
  /** For averages: sum, count and values there. */
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;
  private readonly topParts: Float64Array;

  constructor(
    private readonly rule: FoldRule,
    rows: number,
    private readonly parts: Float64Array,
  ) {
    const weighted = rule.weights === null || !rule.severalSeries ? 0 : rows;
    this.values = new Float64Array(rows);
    this.tops = new Int32Array(rule.severalSeries ? rows : 0).fill(-1);
    this.sums = new Float64Array(weighted);
    this.counts = new Float64Array(weighted);
    this.topParts = new Float64Array(weighted);
  }

  add(rows: Int32Array, measure: MeasureSteps): void {
    const { counts, lasts } = measure;
    for (let i = 0; i < rows.length; i += 1) {
      if (counts[i] === 0) continue;
      if (this.rule.severalSeries) this.addTop(rows[i]!, measure, i);
      else this.values[rows[i]!] = lasts[i]!;
    }
  }

  value(from: number, to: number, _parts: number, points: CombinedPoints): number | null {
    let row = to - 1;
    while (row > from && this.parts[row] === 0) row -= 1;
    if (this.topParts.length === 0 || this.topParts[row] === 1) return this.values[row]!;
    const sum = this.sums[row]!;
    const count = this.counts[row]!;
    if (Number.isNaN(sum) || Number.isNaN(count)) {
      points.uncombinable += 1;
      return null;
    }
    return count === 0 ? null : sum / count;
  }

  private addTop(row: number, measure: MeasureSteps, i: number): void {
    const { weights, combine, windows } = this.rule;
    const top = topWindow(measure, i, windows);
    if (top < this.tops[row]!) return;
    const value = measure.lasts[i]!;
    if (top > this.tops[row]!) {
      this.tops[row] = top;
      this.values[row] = value;
      if (weights !== null) {
        this.sums[row] = 0;
        this.counts[row] = 0;
        this.topParts[row] = 0;
      }
    } else if (weights === null) this.values[row] = across(combine, this.values[row]!, value);
    if (weights === null) return;
    this.topParts[row]! += 1;
    this.sums[row]! += measure.lastSums[i]!;
    this.counts[row]! += measure.lastCounts[i]!;
  }
}

/** As windows are combined across series. */
export function across(combine: Combine, a: number, b: number): number {
  if (combine === 'min') return Math.min(a, b);
  return combine === 'max' ? Math.max(a, b) : a + b;
}

/** Number of the last window with a value. */
export function topWindow({ counts, masks, maskBytes }: MeasureSteps, row: number, windows: number): number {
  if (counts[row] === windows) return windows - 1;
  let at = maskBytes - 1;
  while (masks[row * maskBytes + at] === 0) at -= 1;
  return at * 8 + 31 - Math.clz32(masks[row * maskBytes + at]!);
}
