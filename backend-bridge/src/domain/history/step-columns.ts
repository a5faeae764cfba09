import { weightsOf, type Weights } from '../combination-rules';
import { alignDown } from '../ladder';
import type { Metric, OverTime } from '../metric';
import type { PointColumns } from '../point';
import type { Span } from '../read-span';
import { ExactSums, keepEntries } from './exact-sums';

/** Aggregates of a step's windows per measure: enough for every rule over time, and for steps of steps. */

/** Number of windows of a step with a non-finite value. */
export interface Specials {
  nan: number;
  plus: number;
  minus: number;
}

/** The columns of a measure that can be left out where a rule does without. */
export interface ColumnChoice {
  readonly masks?: boolean;
  readonly sums?: boolean;
  readonly mins?: boolean;
  readonly maxs?: boolean;
  /** `alone`: only where some step has one window. */
  readonly lasts?: boolean | 'alone';
  readonly weights?: boolean;
  readonly lastWeights?: boolean;
}

/** By index of the measure; others are left out whole. */
export type StepNeeds = ReadonlyMap<number, ColumnChoice>;

const EVER: Span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };

const EVERY_COLUMN: ColumnChoice = {
  masks: true,
  sums: true,
  mins: true,
  maxs: true,
  lasts: true,
  weights: true,
  lastWeights: true,
};

/** The sum and count behind an average, over the windows that have the average. */
class WeightSteps {
  readonly sums = new ExactSums();
  readonly counts = new ExactSums();
  /** Windows with an average but without a finite sum or count behind it. */
  lacking: Float64Array = new Float64Array(0);
}

/** One measure of the steps, a row for each step; a column that is not needed stays empty. */
export class MeasureSteps {
  /** Windows with a value. */
  counts: Float64Array = new Float64Array(0);
  /** Which windows those are, in `maskBytes` bytes a row, bit 0 of the first the first; read it where it is some, not all. */
  masks: Uint8Array = new Uint8Array(0);
  /** Of the finite values. */
  readonly sums = new ExactSums();
  /** Of the finite values; 0 where there is none. */
  mins: Float64Array = new Float64Array(0);
  maxs: Float64Array = new Float64Array(0);
  /** Of the last window with a value; 0 where there is none. */
  lasts: Float64Array = new Float64Array(0);
  /** By row, where there are any. */
  readonly specials = new Map<number, Specials>();
  readonly weights = new WeightSteps();
  /** Sum and count behind the last window that has the average; NaN where it lacks them. */
  lastSums: Float64Array = new Float64Array(0);
  lastCounts: Float64Array = new Float64Array(0);

  constructor(
    readonly choice: ColumnChoice,
    readonly maskBytes: number,
  ) {}

  /** Windows of the row with a finite value. */
  finiteCount(row: number): number {
    const special = this.specials.size === 0 ? undefined : this.specials.get(row);
    const count = this.counts[row]!;
    return special === undefined ? count : count - special.nan - special.plus - special.minus;
  }

  /** Makes room for this many rows. */
  reserve(capacity: number): void {
    const { choice, weights } = this;
    if (choice.sums === true) this.sums.reserve(capacity);
    if (choice.weights === true) {
      weights.sums.reserve(capacity);
      weights.counts.reserve(capacity);
    }
    this.counts = wider(this.counts, capacity);
    if (choice.masks === true) {
      const masks = new Uint8Array(capacity * this.maskBytes);
      masks.set(this.masks);
      this.masks = masks;
    }
    if (choice.mins === true) this.mins = wider(this.mins, capacity);
    if (choice.maxs === true) this.maxs = wider(this.maxs, capacity);
    if (choice.lasts !== undefined && choice.lasts !== false) this.lasts = wider(this.lasts, capacity);
    if (choice.weights === true) weights.lacking = wider(weights.lacking, capacity);
    if (choice.lastWeights === true) {
      this.lastSums = wider(this.lastSums, capacity);
      this.lastCounts = wider(this.lastCounts, capacity);
    }
  }

  /** Of the rows from `base` on keeps those of [first, end) alone; `length`: of all rows. */
  keep(base: number, first: number, end: number, length: number): void {
    const { weights, specials, maskBytes } = this;
    const columns = [this.counts, this.mins, this.maxs, this.lasts, this.lastSums, this.lastCounts];
    for (const column of [...columns, weights.lacking]) keepRows(column, base, first, end, length);
    keepRows(this.masks, base * maskBytes, first * maskBytes, end * maskBytes, length * maskBytes);
    for (const sums of [this.sums, weights.sums, weights.counts]) {
      if (sums.length > 0) sums.keep(base, first, end);
    }
    keepEntries(specials, base, first, end);
  }

  /** Adds a row to each of the sums. */
  pushSums(): void {
    if (this.choice.sums === true) this.sums.push();
    if (this.choice.weights !== true) return;
    this.weights.sums.push();
    this.weights.counts.push();
  }
}

/** The steps of one series, in order of time; a step without any window is absent. */
export class StepColumns {
  length = 0;
  starts: Float64Array = new Float64Array(0);
  /** Sums over all windows of the step, removed ones too. */
  revisions: Float64Array = new Float64Array(0);

  /** `measures`: by index; undefined where it is not needed. */
  constructor(readonly measures: readonly (MeasureSteps | undefined)[]) {}

  /** Makes room for this many rows more. */
  reserve(rows: number): void {
    const needed = this.length + rows;
    if (needed <= this.starts.length) return;
    const capacity = Math.max(needed, this.starts.length * 2);
    this.starts = wider(this.starts, capacity);
    this.revisions = wider(this.revisions, capacity);
    for (const measure of this.measures) measure?.reserve(capacity);
  }

  /** Of the rows from `base` on keeps those alone that start in the range. */
  keep(base: number, range: Span): void {
    let first = base;
    while (first < this.length && this.starts[first]! < range.fromMs) first += 1;
    let end = first;
    while (end < this.length && this.starts[end]! < range.toMs) end += 1;
    if (first === base && end === this.length) return;
    for (const measure of this.measures) measure?.keep(base, first, end, this.length);
    keepRows(this.revisions, base, first, end, this.length);
    keepRows(this.starts, base, first, end, this.length);
    this.length = base + end - first;
  }
}

/** What of a metric decides how its windows fold. */
export interface FoldShape {
  readonly stepMs: number;
  readonly advanceMs: number;
  /** In a step. */
  readonly windows: number;
  /** For each measure that is an average with weights. */
  readonly weights: readonly (Weights | null)[];
  /** Whether the measure's values are added up: averages are not. */
  readonly sums: readonly boolean[];
}

export function foldShape(metric: Metric, stepMs: number): FoldShape {
  const { advanceMs } = metric.window;
  return {
    stepMs,
    advanceMs,
    windows: stepMs / advanceMs,
    weights: metric.measures.map((measure) => weightsOf(metric, measure)),
    sums: metric.measures.map(({ combine }) => combine !== 'avg'),
  };
}

/** All columns of a step. */
export function everyColumn(shape: FoldShape): StepNeeds {
  return new Map(
    shape.weights.map((weights, index) => [
      index,
      {
        ...EVERY_COLUMN,
        sums: shape.sums[index]!,
        weights: weights !== null,
        lastWeights: weights !== null,
      },
    ]),
  );
}

/**
 * Columns of steps needed for points of a measure by a rule over time.
 * @param severalSeries whether series are combined: then it counts which of the windows a step has
 */
export function neededColumns(
  shape: FoldShape,
  measure: number,
  overTime: OverTime,
  severalSeries: boolean,
): StepNeeds {
  const weights = shape.weights[measure] ?? null;
  switch (overTime) {
    case 'min':
      return new Map([[measure, { mins: true }]]);
    case 'max':
      return new Map([[measure, { maxs: true }]]);
    case 'last':
      return lastColumns(measure, weights, severalSeries);
    case 'avg':
    case 'sum':
      if (weights === null) {
        return new Map([[measure, { sums: true, masks: overTime === 'avg' && severalSeries }]]);
      }
      return new Map<number, ColumnChoice>([
        [weights.sum, { sums: true }],
        [weights.count, { sums: true }],
        [measure, { weights: true, lasts: 'alone' }],
      ]);
  }
}

function lastColumns(measure: number, weights: Weights | null, severalSeries: boolean): StepNeeds {
  const behind = weights !== null && severalSeries;
  return new Map<number, ColumnChoice>([
    ...(behind ? [weights.sum, weights.count].map((index) => [index, { lasts: true }] as const) : []),
    [measure, { lasts: true, masks: severalSeries, lastWeights: behind }],
  ]);
}

/** `rows`: how many there is room for at first. */
export function emptySteps(shape: FoldShape, needs: StepNeeds = everyColumn(shape), rows = 0): StepColumns {
  const maskBytes = Math.ceil(shape.windows / 8);
  const steps = new StepColumns(
    shape.weights.map((_, index) => {
      const choice = needs.get(index);
      return choice === undefined ? undefined : new MeasureSteps(choice, maskBytes);
    }),
  );
  steps.reserve(rows);
  return steps;
}

/** Folds the windows that begin in the span, which must be in order of their start, and adds the steps. */
export function foldWindows(
  shape: FoldShape,
  windows: PointColumns,
  into: StepColumns,
  { fromMs, toMs }: Span = EVER,
): void {
  const { stepMs, advanceMs } = shape;
  let row = into.length - 1;
  for (let from = 0; from < windows.length; from += 1) {
    const start = windows.starts[from]!;
    if (start < fromMs) continue;
    if (start >= toMs) return;
    const step = alignDown(start, stepMs);
    if (row < 0 || into.starts[row] !== step) {
      into.reserve(1);
      row = into.length++;
      into.starts[row] = step;
      for (const measure of into.measures) measure?.pushSums();
    }
    into.revisions[row]! += windows.revisions[from]!;
    const place = (start - step) / advanceMs;
    for (let index = 0; index < into.measures.length; index += 1) {
      const measure = into.measures[index];
      const value = measure === undefined ? undefined : windows.value(from, index);
      if (value === undefined) continue;
      addValue(measure!, row, value, place);
      const weights = shape.weights[index];
      if (weights) {
        addWeights(measure!, row, windows.value(from, weights.sum), windows.value(from, weights.count));
      }
    }
  }
}

function addValue(measure: MeasureSteps, row: number, value: number, place: number): void {
  const { choice, specials } = measure;
  if (Number.isFinite(value)) {
    const first = measure.finiteCount(row) === 0;
    if (choice.sums === true) measure.sums.add(row, value);
    if (choice.mins === true) measure.mins[row] = first ? value : Math.min(measure.mins[row]!, value);
    if (choice.maxs === true) measure.maxs[row] = first ? value : Math.max(measure.maxs[row]!, value);
  } else {
    const special = specials.get(row) ?? { nan: 0, plus: 0, minus: 0 };
    specials.set(row, special);
    if (Number.isNaN(value)) special.nan += 1;
    else if (value > 0) special.plus += 1;
    else special.minus += 1;
  }
  if (choice.masks === true) measure.masks[row * measure.maskBytes + (place >> 3)]! |= 1 << (place & 7);
  if (choice.lasts !== undefined && choice.lasts !== false) measure.lasts[row] = value;
  measure.counts[row]! += 1;
}

function addWeights(
  measure: MeasureSteps,
  row: number,
  sum: number | undefined,
  count: number | undefined,
): void {
  const { choice, weights } = measure;
  if (choice.lastWeights === true) {
    measure.lastSums[row] = sum ?? Number.NaN;
    measure.lastCounts[row] = count ?? Number.NaN;
  }
  if (choice.weights !== true) return;
  if (Number.isFinite(sum) && Number.isFinite(count)) {
    weights.sums.add(row, sum!);
    weights.counts.add(row, count!);
  } else weights.lacking[row]! += 1;
}

/** What follows the kept rows becomes 0, as rows that are added later expect it. */
function keepRows(
  column: Float64Array | Uint8Array,
  base: number,
  first: number,
  end: number,
  length: number,
): void {
  column.copyWithin(base, first, end).fill(0, base + end - first, length);
}

function wider(column: Float64Array, capacity: number): Float64Array {
  const next = new Float64Array(capacity);
  next.set(column);
  return next;
}
