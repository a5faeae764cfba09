import { weightsOf, type Weights } from '../combination-rules';
import { alignDown } from '../ladder';
import type { Metric } from '../metric';
import type { PointColumns } from '../point';
import { ExactSums } from './exact-sums';

/** What the windows of a step come to, per measure: enough for every rule over time, and for steps of steps. */

/** How many windows of a step had a value that is no finite number. */
export interface Specials {
  nan: number;
  plus: number;
  minus: number;
}

/** The sum and count behind an average, over the windows that have the average. */
export interface WeightSteps {
  readonly sums: ExactSums;
  readonly counts: ExactSums;
  /** Windows with an average but without a finite sum or count behind it. */
  readonly lacking: number[];
  /** Sum and count of the last window that has the average; NaN where it lacks them. */
  readonly lastSums: number[];
  readonly lastCounts: number[];
}

/** One measure of the steps; a row for each step. */
export interface MeasureSteps {
  /** Windows with a value. */
  readonly counts: number[];
  /** Which windows those are, bit 0 the first, where it is some and not all; else 0n. */
  readonly masks: bigint[];
  /** Of the finite values. */
  readonly sums: ExactSums;
  /** Of the finite values; 0 where there is none. */
  readonly mins: number[];
  readonly maxs: number[];
  /** Of the last window with a value; 0 where there is none. */
  readonly lasts: number[];
  /** By row, where there are any. */
  readonly specials: Map<number, Specials>;
  readonly weights: WeightSteps | null;
}

/** The steps of one series, in order of time; a step without any window is absent. */
export interface StepColumns {
  readonly starts: number[];
  /** Sums over all windows of the step, removed ones too. */
  readonly revisions: number[];
  /** When a window of the step was changed last; a sealed step only knows its own end. */
  readonly updated: number[];
  /** By index of the measure; undefined where it was not asked for. */
  readonly measures: readonly (MeasureSteps | undefined)[];
}

/** What of a metric decides how its windows fold. */
export interface FoldShape {
  readonly stepMs: number;
  readonly advanceMs: number;
  /** In a step. */
  readonly windows: number;
  /** For each measure that is an average with weights. */
  readonly weights: readonly (Weights | null)[];
}

export function foldShape(metric: Metric, stepMs: number): FoldShape {
  const { advanceMs } = metric.window;
  return {
    stepMs,
    advanceMs,
    windows: stepMs / advanceMs,
    weights: metric.measures.map((measure) => weightsOf(metric, measure)),
  };
}

function emptyMeasure(weighted: boolean): MeasureSteps {
  return {
    counts: [],
    masks: [],
    sums: new ExactSums(),
    mins: [],
    maxs: [],
    lasts: [],
    specials: new Map(),
    weights: weighted
      ? { sums: new ExactSums(), counts: new ExactSums(), lacking: [], lastSums: [], lastCounts: [] }
      : null,
  };
}

/** `only`: indexes of the measures; absent: all. */
export function emptySteps(shape: FoldShape, only?: readonly number[]): StepColumns {
  return {
    starts: [],
    revisions: [],
    updated: [],
    measures: shape.weights.map((weights, index) =>
      only === undefined || only.includes(index) ? emptyMeasure(weights !== null) : undefined,
    ),
  };
}

/** Folds the windows from a start on, which must be in order of their start, and adds the steps. */
export function foldWindows(shape: FoldShape, windows: PointColumns, into: StepColumns, fromMs = 0): void {
  const { stepMs, advanceMs } = shape;
  let row = into.starts.length - 1;
  for (let from = 0; from < windows.length; from += 1) {
    const start = windows.starts[from]!;
    if (start < fromMs) continue;
    const step = alignDown(start, stepMs);
    if (row < 0 || into.starts[row] !== step) {
      row = into.starts.length;
      into.starts.push(step);
      into.revisions.push(0);
      into.updated.push(0);
      for (const measure of into.measures) if (measure !== undefined) pushRow(measure);
    }
    into.revisions[row]! += windows.revisions[from]!;
    if (windows.updated[from]! > into.updated[row]!) into.updated[row] = windows.updated[from]!;
    const bit = BigInt(Math.floor((start - step) / advanceMs));
    for (let index = 0; index < into.measures.length; index += 1) {
      const measure = into.measures[index];
      const value = measure === undefined ? undefined : windows.value(from, index);
      if (value === undefined) continue;
      addValue(measure!, row, value);
      measure!.masks[row]! |= 1n << bit;
      const weights = shape.weights[index] ?? null;
      if (weights !== null) {
        addWeights(
          measure!.weights!,
          row,
          windows.value(from, weights.sum),
          windows.value(from, weights.count),
        );
      }
    }
  }
  for (const measure of into.measures) {
    // One form for a step that has all of its windows, so that most rows need no mask.
    measure?.counts.forEach((count, at) => {
      if (count === shape.windows) measure.masks[at] = 0n;
    });
  }
}

function pushRow(measure: MeasureSteps): void {
  measure.counts.push(0);
  measure.masks.push(0n);
  measure.sums.push();
  measure.mins.push(0);
  measure.maxs.push(0);
  measure.lasts.push(0);
  measure.weights?.sums.push();
  measure.weights?.counts.push();
  measure.weights?.lacking.push(0);
  measure.weights?.lastSums.push(0);
  measure.weights?.lastCounts.push(0);
}

/** Windows of the row with a finite value. */
export function finiteCount(measure: MeasureSteps, row: number): number {
  const special = measure.specials.size === 0 ? undefined : measure.specials.get(row);
  const count = measure.counts[row]!;
  return special === undefined ? count : count - special.nan - special.plus - special.minus;
}

function addValue(measure: MeasureSteps, row: number, value: number): void {
  if (Number.isFinite(value)) {
    const first = finiteCount(measure, row) === 0;
    measure.sums.add(row, value);
    measure.mins[row] = first ? value : Math.min(measure.mins[row]!, value);
    measure.maxs[row] = first ? value : Math.max(measure.maxs[row]!, value);
  } else {
    const special = measure.specials.get(row) ?? { nan: 0, plus: 0, minus: 0 };
    measure.specials.set(row, special);
    if (Number.isNaN(value)) special.nan += 1;
    else if (value > 0) special.plus += 1;
    else special.minus += 1;
  }
  measure.lasts[row] = value;
  measure.counts[row]! += 1;
}

function addWeights(
  weights: WeightSteps,
  row: number,
  sum: number | undefined,
  count: number | undefined,
): void {
  weights.lastSums[row] = sum ?? Number.NaN;
  weights.lastCounts[row] = count ?? Number.NaN;
  if (Number.isFinite(sum) && Number.isFinite(count)) {
    weights.sums.add(row, sum!);
    weights.counts.add(row, count!);
  } else weights.lacking[row]! += 1;
}
