import { weightsOf } from '../combination-rules';
import type { CombinedPoints } from '../combine';
import { spanMs } from '../finality';
import { mayCombineSeries } from '../plan';
import type { Plan } from '../query-answer';
import type { Span } from '../read-span';
import { offsetOf } from '../windows';
import { compareValues } from '../series';
import type { ScanBudget } from '../scan-budget';
import type { GroupMember, GroupSource } from '../series-scan';
import type { HistoryPlan } from './history-plan';
import {
  emptySteps,
  foldShape,
  foldWindows,
  neededColumns,
  type FoldShape,
  type StepColumns,
  type StepNeeds,
} from './step-columns';
import { StepTable } from './step-table';

/** Reads a plan's steps across the boundary of sealed steps and windows. */
export class HistoryScan implements GroupSource<StepColumns, CombinedPoints> {
  private readonly shape: FoldShape;
  private readonly needs: StepNeeds;
  private readonly severalSeries: boolean;

  constructor(
    private readonly plan: Plan,
    private readonly history: HistoryPlan,
  ) {
    this.shape = foldShape(plan.metric, history.stepMs);
    this.severalSeries = mayCombineSeries(plan);
    this.needs = neededColumns(this.shape, plan.measure, plan.overTime, this.severalSeries);
  }

  /** How far the rows of a series are apart, for the size of reads. */
  get distanceMs(): number {
    return this.history.stepMs;
  }

  /** In label order. Windows first: those sealed meanwhile are then among the steps. */
  async read(
    span: Span,
    seriesIds: readonly number[] | null,
    budget: ScanBudget,
  ): Promise<readonly GroupMember<StepColumns>[]> {
    const { stepMs, sealedBeforeMs } = this.history;
    const { needs } = this;
    const windowsFrom = Math.max(span.fromMs, sealedBeforeMs);
    const windows =
      windowsFrom < span.toMs ? await budget.read({ fromMs: windowsFrom, toMs: span.toMs }, seriesIds) : [];
    const sealed = await budget.readSteps(this.history.store, {
      ...span,
      stepMs,
      seriesIds,
      needs,
    });
    const found = new Map<number, GroupMember<StepColumns>>();
    for (const { seriesId, values, steps } of sealed.series)
      found.set(seriesId, { seriesId, values, points: steps });
    for (const { seriesId, values, points } of windows) {
      let series = found.get(seriesId);
      if (series === undefined) {
        series = { seriesId, values, points: emptySteps(this.shape, needs) };
        found.set(seriesId, series);
      }
      foldWindows(this.shape, points, series.points, { fromMs: sealed.sealedBeforeMs, toMs: span.toMs });
    }
    return [...found.values()]
      .filter(({ points }) => points.length > 0)
      .sort((a, b) => compareValues(a.values, b.values));
  }

  /** For a group's steps of these spans. */
  table(spans: readonly Span[]): StepTable {
    const { plan, shape, severalSeries } = this;
    const measure = plan.metric.measures[plan.measure]!;
    return new StepTable({
      measure: plan.measure,
      combine: measure.combine,
      weights: weightsOf(plan.metric, measure),
      overTime: plan.overTime,
      severalSeries,
      stepMs: plan.stepMs,
      tierStepMs: shape.stepMs,
      spans,
      windows: shape.windows,
      offsetMs: offsetOf(plan.metric.window),
      spanMs: spanMs(plan),
    });
  }
}
