import { combinesOverTime, weightsOf } from '../combination-rules';
import { WindowTable, type CombinedPoints } from '../combine';
import { alignDown, alignUp, type TimeRange } from '../ladder';
import { mayCombineSeries } from '../plan';
import { PointColumns } from '../point';
import type { Plan } from '../query-answer';
import { clipRange, type Span } from '../read-span';
import type { ScanBudget } from '../scan-budget';
import { compareValues } from '../series';
import { combineRuleOf, type GroupMember, type GroupSource, type GroupTable } from '../series-scan';
import { offsetOf } from '../windows';
import { ExactSums } from './exact-sums';
import type { HistoryPlan } from './history-plan';
import {
  emptySteps,
  everyColumn,
  foldShape,
  foldWindows,
  type FoldShape,
  type MeasureSteps,
  type Specials,
  type StepColumns,
  type StepNeeds,
} from './step-columns';
import { across, DistinctWindows, topWindow } from './step-folds';
import { StepGrid } from './step-grid';
import { foldsFromSteps } from './tiers';

/** Input of a summary whose range is partly sealed. */
export interface SummaryPoints {
  /** Those that are not sealed, and the one before the range. */
  readonly windows: CombinedPoints;
  readonly totals: SummaryTotals;
}

/** Over all windows of the range, sealed or not; undefined what steps of single series do not say. */
export interface SummaryTotals {
  /** Some windows are sealed. */
  readonly sealed: boolean;
  /** Windows with a finite value. */
  readonly count: number;
  readonly min: number | null | undefined;
  readonly max: number | null | undefined;
  readonly sum: number | null | undefined;
  readonly avg: number | null | undefined;
  /** The newest sealed window with a value. */
  readonly last: { readonly timeMs: number; readonly value: number | null } | null;
}

interface Member {
  readonly steps: StepColumns;
  readonly windows: PointColumns;
  readonly sealed: boolean;
}

/** The window starts that a summary counts. */
export function summaryRange(
  plan: Plan,
  range: TimeRange,
  openAfterMs: number,
  nowMs: number,
  history: HistoryPlan,
): TimeRange {
  const { fromMs, toMs } = clipRange(plan.metric, range, nowMs, history.fromMs);
  const closedToMs = plan.includeOpen ? toMs : Math.min(toMs, openAfterMs - plan.metric.window.sizeMs + 1);
  return { fromMs, toMs: Math.max(fromMs, closedToMs) };
}

/** Reads a summary's range across the boundary: whole sealed steps within it, and the windows that are not sealed. */
export class SummaryScan implements GroupSource<Member, SummaryPoints> {
  private readonly shape: FoldShape;
  private readonly needs: StepNeeds;

  /** `range`: of window starts that count; windows that are read before it are for `previous` alone. */
  constructor(
    private readonly plan: Plan,
    private readonly history: HistoryPlan,
    private readonly range: TimeRange,
  ) {
    this.shape = foldShape(plan.metric, history.stepMs);
    const every = everyColumn(this.shape);
    const weights = this.shape.weights[plan.measure];
    const needed = weights ? [plan.measure, weights.sum, weights.count] : [plan.measure];
    this.needs = new Map([...every].filter(([index]) => needed.includes(index)));
  }

  get distanceMs(): number {
    const { stepMs, sealedBeforeMs } = this.history;
    return this.range.fromMs < sealedBeforeMs ? stepMs : this.shape.advanceMs;
  }

  /** Windows first: what is sealed meanwhile is then among the steps. */
  async read(
    span: Span,
    seriesIds: readonly number[] | null,
    budget: ScanBudget,
  ): Promise<readonly GroupMember<Member>[]> {
    const { stepMs, sealedBeforeMs, fromMs: keptFromMs, store } = this.history;
    const { needs, shape, range } = this;
    const windowsFrom = Math.max(span.fromMs, sealedBeforeMs);
    const windows =
      windowsFrom < span.toMs ? await budget.read({ fromMs: windowsFrom, toMs: span.toMs }, seriesIds) : [];
    const sealed = await budget.readSteps(store, {
      fromMs: alignUp(Math.max(range.fromMs, keptFromMs), stepMs),
      toMs: alignDown(range.toMs, stepMs),
      stepMs,
      seriesIds,
      needs,
    });
    const found = new Map<number, GroupMember<Member>>();
    for (const { seriesId, values, steps } of sealed.series) {
      const none = new PointColumns(this.plan.metric.measures.length, 0);
      const member = { steps, windows: none, sealed: steps.length > 0 };
      found.set(seriesId, { seriesId, values, points: member });
    }
    const open = { fromMs: Math.max(range.fromMs, sealed.sealedBeforeMs), toMs: range.toMs };
    for (const { seriesId, values, points } of windows) {
      const steps = found.get(seriesId)?.points.steps ?? emptySteps(shape, needs);
      const member = { steps, windows: points, sealed: steps.length > 0 };
      foldWindows(shape, points, steps, open);
      found.set(seriesId, { seriesId, values, points: member });
    }
    return [...found.values()].sort((a, b) => compareValues(a.values, b.values));
  }

  table(): GroupTable<Member, SummaryPoints> {
    const windows = new WindowTable(combineRuleOf(this.plan));
    const totals = new TotalsFold(this.plan, this.shape, this.range);
    return {
      add(member) {
        windows.add(member.windows);
        totals.add(member);
      },
      finish: () => ({ windows: windows.finish(), totals: totals.finish() }),
    };
  }
}

/** The totals of one group; members go in in label order. */
class TotalsFold {
  private readonly severalSeries: boolean;
  private readonly grid: StepGrid;
  /** Of several members. */
  private readonly distinct: DistinctWindows | null;
  private sealed = false;
  private count = 0;
  private parts = 0;
  /** Of several members: their values that are not finite. */
  private readonly specials: Specials = { nan: 0, plus: 0, minus: 0 };
  private min: number | null = null;
  private max: number | null = null;
  /** Rows: of the values, and for averages of the sums and the counts behind them. */
  private readonly sums = new ExactSums();
  private lacking = 0;
  private last: { timeMs: number; value: number; sum: number; count: number; parts: number } | null = null;

  constructor(
    private readonly plan: Plan,
    private readonly shape: FoldShape,
    range: TimeRange,
  ) {
    const { stepMs, windows } = shape;
    const span = { fromMs: alignDown(range.fromMs, stepMs), toMs: alignUp(range.toMs, stepMs) };
    this.severalSeries = mayCombineSeries(plan);
    this.grid = new StepGrid([span], stepMs);
    this.distinct = this.severalSeries ? new DistinctWindows(this.grid.rows, windows) : null;
    this.sums.push(3);
  }

  add({ steps, sealed }: Member): void {
    if (steps.length === 0) return;
    const measure = steps.measures[this.plan.measure]!;
    this.sealed ||= sealed;
    this.distinct?.add(this.grid.rowsOf(steps), measure);
    const weighted = this.shape.weights[this.plan.measure] !== null;
    for (let row = 0; row < steps.length; row += 1) {
      this.parts += measure.counts[row]!;
      if (weighted) this.lacking += measure.weights.lacking[row]!;
      if (this.severalSeries) this.addSpecials(measure.specials.get(row));
      const finite = measure.finiteCount(row);
      if (finite === 0) continue;
      this.count += finite;
      const { min, max } = this;
      this.min = min === null ? measure.mins[row]! : Math.min(min, measure.mins[row]!);
      this.max = max === null ? measure.maxs[row]! : Math.max(max, measure.maxs[row]!);
    }
    this.sums.addTotal(0, measure.sums);
    if (weighted) {
      this.sums.addTotal(1, measure.weights.sums);
      this.sums.addTotal(2, measure.weights.counts);
    }
    this.addLast(steps, measure);
  }

  finish(): SummaryTotals {
    const { plan, sealed } = this;
    const known = (rule: 'avg' | 'sum' | 'min' | 'max' | 'last'): boolean => {
      const { metric, measure } = plan;
      const definition = metric.measures[measure]!;
      return (
        combinesOverTime(metric, definition, rule) &&
        foldsFromSteps(metric, measure, rule, this.severalSeries)
      );
    };
    const count = this.distinct?.count(0, this.grid.rows) ?? this.count;
    return {
      sealed,
      count,
      min: known('min') ? this.extreme('min') : undefined,
      max: known('max') ? this.extreme('max') : undefined,
      sum: known('sum') ? this.sum(count) : undefined,
      avg: known('avg') ? this.average(count) : undefined,
      last:
        this.last === null || !known('last') ? null : { timeMs: this.last.timeMs, value: this.lastValue() },
    };
  }

  private addSpecials(more: Specials | undefined): void {
    if (more === undefined) return;
    this.specials.nan += more.nan;
    this.specials.plus += more.plus;
    this.specials.minus += more.minus;
  }

  /** NaN stands for what is not finite: it is shown alike. */
  private extreme(which: 'min' | 'max'): number | null {
    const { nan, plus, minus } = this.specials;
    return nan > 0 || (which === 'min' ? minus : plus) > 0 ? Number.NaN : this[which];
  }

  private sum(count: number): number | null {
    if (count === 0) return null;
    const { nan, plus, minus } = this.specials;
    return nan + plus + minus > 0 ? Number.NaN : this.sums.number(0);
  }

  private average(count: number): number | null {
    if (this.parts === 0) return null;
    if (weightsOf(this.plan.metric, this.plan.metric.measures[this.plan.measure]!) === null) {
      const sum = this.sum(count);
      return sum === null ? null : sum / count;
    }
    if (this.parts === 1) return this.last!.value;
    const weight = this.sums.number(2);
    return this.lacking > 0 || weight === 0 ? null : this.sums.number(1) / weight;
  }

  private addLast(steps: StepColumns, measure: MeasureSteps): void {
    let row = steps.length - 1;
    while (row >= 0 && measure.counts[row] === 0) row -= 1;
    if (row < 0) return;
    const { windows, advanceMs, weights } = this.shape;
    const offset = offsetOf(this.plan.metric.window);
    const timeMs = steps.starts[row]! + topWindow(measure, row, windows) * advanceMs + offset;
    const value = measure.lasts[row]!;
    const weighted = weights[this.plan.measure] !== null;
    const sum = weighted ? measure.lastSums[row]! : 0;
    const count = weighted ? measure.lastCounts[row]! : 0;
    const { last } = this;
    if (last === null || timeMs > last.timeMs) this.last = { timeMs, value, sum, count, parts: 1 };
    else if (timeMs === last.timeMs) {
      const { combine } = this.plan.metric.measures[this.plan.measure]!;
      if (!weighted) last.value = across(combine, last.value, value);
      last.sum += sum;
      last.count += count;
      last.parts += 1;
    }
  }

  private lastValue(): number | null {
    const { value, sum, count, parts } = this.last!;
    if (parts === 1 || this.shape.weights[this.plan.measure] === null) return value;
    return Number.isNaN(sum) || Number.isNaN(count) || count === 0 ? null : sum / count;
  }
}
