import { emptyPoints, settleAverage, type CombinedPoints } from './combine';
import type { OverTime } from './metric';

/** Combines windows into steps, in time order. */

export interface StepRule {
  readonly overTime: OverTime;
  readonly stepOf: (startMs: number) => number;
  /** From a step's start to the end of the last window it may have. */
  readonly spanMs: number;
  /** An average weighted by its count, and so never an average of averages. */
  readonly weighted: boolean;
}

/**
 * Combines the windows of each step. A step has the revisions of all its windows, and no value when none of them
 * has one. The windows must be in order of their start.
 */
export function combineSteps(windows: CombinedPoints, rule: StepRule): CombinedPoints {
  const steps = emptyPoints();
  const weigh = rule.weighted && rule.overTime === 'avg';
  const filled: number[] = [];
  let row = -1;
  for (let from = 0; from < windows.times.length; from += 1) {
    const time = rule.stepOf(windows.times[from]!);
    if (row < 0 || steps.times[row] !== time) {
      row += 1;
      steps.times.push(time);
      steps.ends.push(time + rule.spanMs);
      steps.values.push(Number.NaN);
      steps.parts.push(0);
      steps.revisions.push(0);
      steps.updated.push(0);
      filled.push(0);
      if (weigh) {
        steps.sums.push(0);
        steps.counts.push(0);
      }
    }
    steps.revisions[row]! += windows.revisions[from]!;
    if (windows.ends[from]! > steps.ends[row]!) steps.ends[row] = windows.ends[from]!;
    if (windows.updated[from]! > steps.updated[row]!) steps.updated[row] = windows.updated[from]!;
    if (weigh) {
      addWeights(steps, row, windows, from);
    } else if (rule.overTime === 'last') {
      // Also the newest window that has no value because its members cannot be combined: an older one is not the last.
      if (windows.parts[from] !== 0) {
        steps.values[row] = windows.values[from]!;
        steps.parts[row] = windows.parts[from]!;
      }
    } else if (windows.parts[from]! > 0) {
      const value = windows.values[from]!;
      steps.values[row] = filled[row] === 0 ? value : fold(rule.overTime, steps.values[row]!, value);
      steps.parts[row]! += windows.parts[from]!;
      filled[row]! += 1;
    }
  }
  if (weigh) {
    for (let step = 0; step < steps.times.length; step += 1) settleAverage(steps, step);
  } else {
    steps.uncombinable = windows.uncombinable;
    if (rule.overTime === 'avg') {
      for (let step = 0; step < steps.times.length; step += 1) {
        if (filled[step]! > 1) steps.values[step]! /= filled[step]!;
      }
    }
  }
  return steps;
}

function addWeights(steps: CombinedPoints, row: number, windows: CombinedPoints, from: number): void {
  const parts = windows.parts[from]!;
  if (parts === 0) return;
  if (steps.parts[row] === 0) steps.values[row] = windows.values[from]!;
  // Of a window whose members could not be combined too: their weights are NaN, or a count of 0.
  steps.parts[row]! += Math.abs(parts);
  steps.sums[row]! += windows.sums[from]!;
  steps.counts[row]! += windows.counts[from]!;
}

function fold(rule: Exclude<OverTime, 'last'>, a: number, b: number): number {
  switch (rule) {
    case 'avg':
    case 'sum':
      return a + b;
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
  }
}
