import { RequestError } from './errors';
import { unknownDimension } from './filter';
import { closedBefore, openAfter, openFrom } from './finality';
import { findEvents, findEventsAt } from './event-search';
import { requireEventMetric } from './events';
import { findDimensionValues } from './dimension-values';
import { onlyAt, type CombinedPoints } from './combine';
import { historyWarnings, summaryHistory, summaryWarnings } from './history/history-plan';
import { SummaryScan, summaryRange, type SummaryTotals } from './history/summary-scan';
import { checkRange, MAX_TIME_MS, stepsOf, type TimeRange } from './ladder';
import type { Metric } from './metric';
import { isVisible, keptIndexes, makePlan, mayCombineSeries, unknownMetric } from './plan';
import type { Progress } from './progress';
import type {
  CatalogueAnswer,
  ClosedAnswer,
  DimensionValuesAnswer,
  EventEntry,
  EventsAnswer,
  Plan,
  QueryAnswer,
  SummaryAnswer,
  SummarySeries,
} from './query-answer';
import { readSpan, spansOver } from './read-span';
import { UNBOUNDED, type RequestScope } from './request-scope';
import type {
  DimensionValuesQuery,
  EventsQuery,
  Filter,
  Query,
  ResultSeries,
  Selection,
  Warning,
} from './selection';
import { fillLength, gapFill, NumberNotes, seriesAnswer, type AnswerRule } from './series-answer';
import { combineRuleOf, groupSeries, selectSeries, WindowScan, type Pause } from './series-scan';
import { seriesKey, type Labels } from './series';
import { seriesCapWarnings } from './series-cap';
import type { SeriesStore } from './store';
import { StoreReader, type Reading } from './store-reader';
import { summarize } from './summary';
import type { Clock } from './telemetry';
import { isIrregular, longestMs } from './windows';

export interface QueryLimits {
  /** Most series in one answer; beyond it `series_truncated`. */
  readonly maxSeries: number;
  /** Most points in one answer; beyond it `series_truncated`, or `range_too_large` when the first series has more. */
  readonly maxPoints: number;
  /** Most stored points read for one answer; beyond it `range_too_large`. */
  readonly maxScanPoints: number;
  /** A summary is stale when the clock is past the last end + grace + this many windows. */
  readonly staleWindows: number;
}

/** Memory of one series of a summary, in points of an answer. */
const SUMMARY_POINTS = 16;

/**
 * Answers queries about stored points, with equal results on every bridge. Rejects with RequestError for an invalid
 * request, and with UnavailableError when the store does not answer.
 */
export class QueryEngine {
  /** In order of their names. */
  metrics: readonly Metric[] = [];
  private byName: ReadonlyMap<string, Metric> = new Map();
  private readonly reader: StoreReader;

  /** `pause` yields to other work of the process; the composition root injects one that yields to I/O. */
  constructor(
    metrics: readonly Metric[],
    private readonly store: SeriesStore,
    private readonly limits: QueryLimits,
    private readonly clock: Clock,
    pause: Pause = () => Promise.resolve(),
  ) {
    this.reader = new StoreReader(store, limits.maxScanPoints, clock, pause);
    this.useMetrics(metrics);
  }

  /** Answers by these definitions from now on. */
  useMetrics(metrics: readonly Metric[]): void {
    this.metrics = [...metrics].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.byName = new Map(metrics.map((metric) => [metric.name, metric]));
  }

  /** Throws `unknown_metric`, also when the tenant's filters exclude the whole metric. */
  metric(name: string, tenant: readonly Filter[] = []): Metric {
    const metric = this.byName.get(name);
    if (metric === undefined || !isVisible(metric, tenant)) throw unknownMetric(name);
    return metric;
  }

  /** Validates a selection; `range` is used for `maxPoints` only. Throws like makePlan. */
  plan(selection: Selection, tenant: readonly Filter[], range?: TimeRange): Plan {
    const checked = range === undefined ? undefined : checkRange(range.fromMs, range.toMs);
    return makePlan(this.metric(selection.metric, tenant), selection, tenant, checked, this.clock());
  }

  openFrom(plan: Plan, progress: Progress): number {
    return openFrom(plan, progress);
  }

  /** The catalogue of metrics that the tenant may see, for editors. */
  catalogue(tenant: readonly Filter[]): CatalogueAnswer {
    return {
      serverTimeMs: this.clock(),
      storeEpoch: this.store.epoch(),
      metrics: this.metrics
        .filter((metric) => isVisible(metric, tenant))
        .map((metric) => ({ metric, stepsMs: stepsOf(metric) })),
    };
  }

  async query(query: Query, tenant: readonly Filter[], scope = UNBOUNDED): Promise<QueryAnswer> {
    const range = checkRange(query.fromMs, query.toMs);
    const plan = this.plan(query, tenant, range);
    return this.answer(plan, range, query.includeRevisions ?? false, query.fill ?? 'none', scope);
  }

  /** All points from a time on, with revisions and removals, for the snapshot of a subscription. */
  async snapshot(plan: Plan, fromMs: number, scope = UNBOUNDED): Promise<QueryAnswer> {
    return this.answer(plan, checkRange(fromMs, MAX_TIME_MS), true, 'none', scope);
  }

  /**
   * The points at these times (a plan's `stepOf` of window starts) as they are now, or their removals, with
   * revisions. Only groups and times that have anything in the store are there. `groups`: only those with these labels.
   */
  async recompute(
    plan: Plan,
    times: readonly number[],
    groups?: readonly Labels[],
    scope = UNBOUNDED,
  ): Promise<readonly ResultSeries[]> {
    const { result } = await this.reader.consistently(plan.metric, async ({ nowMs, progress }) => {
      const names = keptIndexes(plan).map((index) => plan.metric.dimensions[index]!.name);
      const wanted =
        groups && new Set(groups.map((labels) => seriesKey(names.map((name) => labels[name] ?? ''))));
      const isWanted = (labels: Labels): boolean =>
        wanted === undefined || wanted.has(seriesKey(names.map((name) => labels[name] ?? '')));
      const at = new Set(times);
      const series: ResultSeries[] = [];
      const rule: AnswerRule = {
        includeOpen: plan.includeOpen,
        openAfter: openAfter(plan, progress),
        revisions: true,
        fill: null,
      };
      const notes = new NumberNotes();
      const history = await this.reader.historyOf(plan, nowMs);
      const spans = spansOver(plan, times, nowMs, history?.fromMs);
      await this.reader.scanPoints({ plan, spans, nowMs, isWanted, scope }, history, (labels, points) => {
        const one = seriesAnswer(labels, onlyAt(points, at), rule, notes);
        if (one !== null) series.push(one);
        return true;
      });
      return series;
    });
    return result;
  }

  /** The plan's closed steps with revisions, as answered by `query`, and the time up to which they have closed. */
  async closed(plan: Plan, range: TimeRange, scope = UNBOUNDED): Promise<ClosedAnswer> {
    return this.answer({ ...plan, includeOpen: false }, range, true, 'none', scope);
  }

  /** The `keptFromMs` that `closed` would return now. */
  async keptFrom(plan: Plan, range: TimeRange): Promise<number> {
    const nowMs = this.clock();
    const history = await this.reader.historyOf(plan, nowMs);
    return readSpan(plan, range, nowMs, history?.fromMs)?.fromMs ?? range.fromMs;
  }

  /** The time up to which steps of the plan have closed; null: none has. */
  async closedBefore(plan: Plan): Promise<number | null> {
    return closedBefore(plan, await this.store.progress(plan.metric));
  }

  /** Most series in an answer to the plan. */
  async countSeries(plan: Plan, { signal } = UNBOUNDED): Promise<number> {
    const all = await this.store.listSeries(plan.metric);
    return groupSeries(plan, await selectSeries(plan, all, this.reader.pause, signal)).length;
  }

  async summary(query: Query, tenant: readonly Filter[], scope = UNBOUNDED): Promise<SummaryAnswer> {
    const range = checkRange(query.fromMs, query.toMs);
    const { stepMs: _step, maxPoints: _max, overTime: _over, ...selectors } = query;
    const plan = this.plan({ ...selectors, includeOpen: query.includeOpen ?? false }, tenant, range);
    const { metric } = plan;
    const { result, reading } = await this.reader.consistently(metric, async ({ nowMs, progress }) => {
      const notes = new NumberNotes();
      const series: SummarySeries[] = [];
      const cut = { truncated: false };
      const rule = {
        metric,
        measure: metric.measures[plan.measure]!,
        weights: combineRuleOf(plan).weights,
        severalSeries: mayCombineSeries(plan),
        includeOpen: plan.includeOpen,
        openAfter: openAfter(plan, progress),
        fromMs: range.fromMs,
        nowMs,
        staleWindows: this.limits.staleWindows,
      };
      const history = await summaryHistory(metric, this.store.history, range, nowMs);
      // One more window, so that the first one in the range has its `previous` too.
      const beforeMs = isIrregular(metric.window) ? longestMs(metric.window) : metric.window.advanceMs;
      const wider = { fromMs: Math.max(0, range.fromMs - beforeMs), toMs: range.toMs };
      const span = range.fromMs < range.toMs ? readSpan(plan, wider, nowMs, history?.fromMs) : null;
      const take = (labels: Labels, points: CombinedPoints, totals: SummaryTotals | null): boolean => {
        const one = summarize(labels, points, rule, notes, totals);
        if (one === null) return true;
        scope.reserve(SUMMARY_POINTS);
        if (series.length < this.limits.maxSeries) series.push(one);
        else cut.truncated = true;
        return !cut.truncated;
      };
      const scan = { plan, spans: span === null ? [] : [span], nowMs, isWanted: null, scope };
      const total =
        history === null
          ? await this.reader.scan(scan, new WindowScan(plan), (labels, points) => take(labels, points, null))
          : await this.reader.scan(
              { ...scan, nowMs: 0 },
              new SummaryScan(plan, history, summaryRange(plan, range, rule.openAfter, nowMs, history)),
              (labels, { windows, totals }) => take(labels, windows, totals),
            );
      const cuts = [
        ...(cut.truncated ? [truncation(series.length, total)] : []),
        ...seriesCapWarnings(metric, progress, nowMs),
      ];
      const kept = summaryWarnings(plan, history, range.fromMs);
      return { series, warnings: [...plan.warnings, ...cuts, ...kept, ...notes.warnings()] };
    });
    return { ...this.head(plan, reading), ...result };
  }

  async events(query: EventsQuery, tenant: readonly Filter[], scope = UNBOUNDED): Promise<EventsAnswer> {
    const metric = this.metric(query.metric, tenant);
    const range = checkRange(query.fromMs, query.toMs);
    const limit = checkLimit(query.limit);
    requireEventMetric(metric);
    const plan = this.plan({ metric: query.metric, filters: query.filters }, tenant);
    const { result, reading } = await this.reader.consistently(metric, (reading) =>
      findEvents(plan, range, limit, this.reader.searchDependencies(metric, reading, scope)),
    );
    return {
      metric: metric.name,
      watermarkMs: reading.progress.watermarkMs,
      serverTimeMs: reading.nowMs,
      storeEpoch: reading.storeEpoch,
      events: result,
      warnings: seriesCapWarnings(metric, reading.progress, reading.nowMs),
    };
  }

  /** The current events of these series (by seriesKey) at these window starts, unordered. */
  async eventsAt(
    plan: Plan,
    wanted: ReadonlyMap<number, ReadonlySet<string>>,
    scope = UNBOUNDED,
  ): Promise<readonly EventEntry[]> {
    const { result } = await this.reader.consistently(plan.metric, (reading) =>
      findEventsAt(plan, wanted, this.reader.searchDependencies(plan.metric, reading, scope)),
    );
    return result;
  }

  /** Values of a dimension. With either bound only values with a point in the range; an absent bound is open. */
  async dimensionValues(
    metricName: string,
    dimension: string,
    query: DimensionValuesQuery,
    tenant: readonly Filter[],
    scope = UNBOUNDED,
  ): Promise<DimensionValuesAnswer> {
    const metric = this.metric(metricName, tenant);
    const index = metric.dimensions.findIndex(({ name }) => name === dimension);
    if (index < 0) throw unknownDimension(metric, dimension);
    const range =
      query.fromMs === undefined && query.toMs === undefined
        ? null
        : checkRange(query.fromMs ?? 0, query.toMs ?? MAX_TIME_MS);
    const limit = checkLimit(query.limit);
    const plan = this.plan({ metric: metricName }, tenant);
    const { result, reading } = await this.reader.consistently(metric, (reading) =>
      findDimensionValues(
        plan,
        index,
        range,
        query.prefix ?? '',
        this.reader.searchDependencies(metric, reading, scope),
      ),
    );
    return {
      metric: metric.name,
      dimension,
      values: result.slice(0, limit),
      truncated: result.length > limit,
      serverTimeMs: reading.nowMs,
      storeEpoch: reading.storeEpoch,
    };
  }

  private async answer(
    plan: Plan,
    range: TimeRange,
    revisions: boolean,
    fill: 'none' | 'zero' | 'null',
    scope: RequestScope,
  ): Promise<ClosedAnswer> {
    const { result, reading } = await this.reader.consistently(plan.metric, async ({ nowMs, progress }) => {
      const history = await this.reader.historyOf(plan, nowMs);
      const span = readSpan(plan, range, nowMs, history?.fromMs);
      const gaps = span === null ? null : gapFill(plan, fill, span, range, progress, nowMs);
      const rule: AnswerRule = {
        includeOpen: plan.includeOpen,
        openAfter: openAfter(plan, progress),
        revisions,
        fill: gaps,
      };
      const notes = new NumberNotes();
      const series: ResultSeries[] = [];
      let points = 0;
      const cut = { truncated: false };
      const spans = span === null ? [] : [span];
      const scan = { plan, spans, nowMs, isWanted: null, scope };
      const total = await this.reader.scanPoints(scan, history, (labels, combined) => {
        const length = Math.max(combined.times.length, gaps === null ? 0 : fillLength(gaps));
        if (points + length > this.limits.maxPoints && series.length === 0) throw this.tooManyPoints(plan);
        if (series.length >= this.limits.maxSeries || points + length > this.limits.maxPoints) {
          cut.truncated = seriesAnswer(labels, combined, { ...rule, fill: null }, new NumberNotes()) !== null;
          return !cut.truncated;
        }
        const one = seriesAnswer(labels, combined, rule, notes);
        if (one !== null) {
          const added = one.times.length + one.removed.length;
          scope.reserve(added);
          series.push(one);
          points += added;
        }
        return true;
      });
      const cuts = [
        ...(cut.truncated ? [truncation(series.length, total)] : []),
        ...seriesCapWarnings(plan.metric, progress, nowMs),
      ];
      const kept = historyWarnings(plan, history, range.fromMs, nowMs);
      return {
        series,
        warnings: [...plan.warnings, ...cuts, ...kept, ...notes.warnings()],
        closedBeforeMs: closedBefore(plan, progress),
        keptFromMs: span?.fromMs ?? range.fromMs,
      };
    });
    return { ...this.head(plan, reading), ...result };
  }

  private head(plan: Plan, reading: Reading): Omit<QueryAnswer, 'series' | 'warnings'> {
    const measure = plan.metric.measures[plan.measure]!;
    return {
      metric: plan.metric.name,
      measure: measure.name,
      unit: measure.unit,
      stepMs: plan.stepMs,
      watermarkMs: reading.progress.watermarkMs,
      serverTimeMs: reading.nowMs,
      storeEpoch: reading.storeEpoch,
    };
  }

  private tooManyPoints(plan: Plan): RequestError {
    return new RequestError(
      'range_too_large',
      `One series alone has more than ${this.limits.maxPoints} points in this range. Ask for a shorter range or a longer step.`,
      { metric: plan.metric.name, limit: this.limits.maxPoints },
    );
  }
}

function truncation(kept: number, total: number): Warning {
  return {
    code: 'series_truncated',
    message: `Only the first ${kept} of ${total} series are in the answer. Filter, group, or ask for a longer step.`,
    kept,
    total: Math.max(total, kept + 1),
  };
}

function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return 1_000;
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw new RequestError('bad_request', 'limit must be a whole number from 1 to 10000.', { path: '/limit' });
}
