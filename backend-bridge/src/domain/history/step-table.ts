import { emptyPoints, type CombinedPoints } from '../combine';
import type { Span } from '../read-span';
import type { StepColumns } from './step-columns';
import { StepGrid } from './step-grid';
import { foldOf, type FoldRule, type StepFold } from './step-folds';

export interface StepTableRule extends FoldRule {
  /** Of the steps that come out: a multiple of that of those that go in. */
  readonly stepMs: number;
  /** Of the steps that go in. */
  readonly tierStepMs: number;
  /** From a multiple of stepMs to the start of its first window, at which the step is shown. */
  readonly offsetMs: number;
  /** From there to the end of its last window. */
  readonly spanMs: number;
  /** Where the steps that go in lie: each begins and ends with an outgoing step. Ascending. */
  readonly spans: readonly Span[];
}

/**
 * The steps of one group of series: members go in one after another in label order, and come out as points of the
 * query's step. Sums are exact, so the answer is the same from steps of any length; `last` adds its members in label
 * order, as the windows themselves are combined.
 *
 * There is a row for every place of the spans, whether it has a step or not: whole columns are added without a search.
 */
export class StepTable {
  private readonly grid: StepGrid;
  /** 0: no step, for every window has a revision. */
  private readonly revisions: Float64Array;
  /** Values in the row, over all members; a value that cannot be weighed counts. */
  private readonly parts: Float64Array;
  private readonly fold: StepFold;

  constructor(private readonly rule: StepTableRule) {
    this.grid = new StepGrid(rule.spans, rule.tierStepMs);
    const { rows } = this.grid;
    this.revisions = new Float64Array(rows);
    this.parts = new Float64Array(rows);
    this.fold = foldOf(rule, rows, this.parts);
  }

  /** Steps of one member within one span. */
  add(steps: StepColumns): void {
    if (steps.length === 0) return;
    const measure = steps.measures[this.rule.measure]!;
    const rows = this.grid.rowsOf(steps);
    const { revisions, parts } = this;
    for (let i = 0; i < rows.length; i += 1) revisions[rows[i]!]! += steps.revisions[i]!;
    this.fold.add(rows, measure);
    for (let i = 0; i < rows.length; i += 1) parts[rows[i]!]! += measure.counts[i]!;
  }

  /** All points in order of time. The table is used up. */
  finish(): CombinedPoints {
    const { stepMs, tierStepMs, offsetMs, spanMs, spans } = this.rule;
    const { firstRows } = this.grid;
    const each = stepMs / tierStepMs;
    const points = pointsOf(this.grid.rows / each);
    let at = 0;
    for (let span = 0; span < spans.length; span += 1) {
      const first = firstRows[span]!;
      const { fromMs } = spans[span]!;
      for (let from = first; from < firstRows[span + 1]!; from += each) {
        const revision = total(this.revisions, from, from + each);
        if (revision === 0) continue;
        const parts = total(this.parts, from, from + each);
        const value = parts === 0 ? null : this.fold.value(from, from + each, parts, points);
        const time = fromMs + (from - first) * tierStepMs;
        points.times[at] = time + offsetMs;
        points.ends[at] = time + offsetMs + spanMs;
        points.values[at] = value ?? Number.NaN;
        points.parts[at] = value === null ? 0 : parts;
        points.revisions[at] = revision;
        points.updated[at] = time + stepMs;
        at += 1;
      }
    }
    const { times, ends, values, parts, revisions, updated } = points;
    for (const column of [times, ends, values, parts, revisions, updated]) column.length = at;
    return points;
  }
}

/** Preallocates the arrays: growing them to thousands of entries takes longer than filling them. */
function pointsOf(length: number): CombinedPoints {
  const column = (): number[] => new Array<number>(length);
  return {
    ...emptyPoints(),
    times: column(),
    ends: column(),
    values: column(),
    parts: column(),
    revisions: column(),
    updated: column(),
  };
}

function total(column: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let row = from; row < to; row += 1) sum += column[row]!;
  return sum;
}
