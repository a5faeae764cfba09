import { RequestError } from '../domain/errors';
import type {
  BacktestAnswer,
  BacktestQuery,
  ForecastAnswer,
  ForecastBasis,
  ForecastQuery,
  Forecasts,
  ForecastSelection,
  ForecastSeries,
  PreparedForecast,
} from '../domain/forecasting';
import { isIrregular } from '../domain/windows';
import { alignUp, checkRange, MAX_TIME_MS, stepsOf, type TimeRange } from '../domain/ladder';
import { reaches } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { Plan } from '../domain/query-answer';
import type { QueryEngine } from '../domain/query-engine';
import type { RequestScope } from '../domain/request-scope';
import type { Filter } from '../domain/selection';
import type { Clock } from '../domain/telemetry';
import { judge } from '../forecast/backtest';
import {
  DAY_MS,
  forecastModel,
  ForecastRefusedError,
  historyNeededFrom,
  horizonSteps,
  type ForecastModel,
} from '../forecast/model';
import { ruledScore, type AnomalyRule } from '../forecast/rule';
import {
  sharedColumn,
  withoutHoles,
  type ClosedReader,
  type ClosedReading,
  type ClosedSeries,
} from './closed-reader';
import { shownValues, type FitJob, type FittedSeries } from './fit';
import type { Fits, NamedJob } from './fit-pool';
import { ForecastCache } from './forecast-cache';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The default step is the shortest of which so much is kept: both seasons show in two weeks. */
const SHORTEST_HISTORY_MS = 15 * DAY_MS;
/** Columns of a forecast, in points of an answer. */
const COLUMN_POINTS = 2;

export interface ForecastLimits {
  /** Series in one answer; past it `range_too_large`. */
  readonly maxSeries: number;
  /** Memory of forecasts that are kept to be answered again. */
  readonly cacheBytes: number;
}

/** The part of the query engine used by forecasts. */
export type ForecastEngine = Pick<
  QueryEngine,
  'metric' | 'plan' | 'closed' | 'closedBefore' | 'keptFrom' | 'countSeries'
>;

/** A validated selection with its forecast model. */
interface Asked {
  readonly plan: Plan;
  readonly range: TimeRange;
  readonly model: ForecastModel;
  readonly rule: AnomalyRule;
  readonly horizonMs: number;
}

/** A series of the selection. */
interface ReadSeries extends NamedJob {
  readonly closed: ClosedSeries;
}

/** Closed steps of the selection. */
interface ReadSelection {
  readonly answer: ClosedReading;
  readonly series: readonly ReadSeries[];
}

/**
 * Forecasts of the series that /query returns: reads closed steps through the same engine and fits them in workers.
 * Answers do not depend on its state.
 */
export class ForecastService implements Forecasts {
  private readonly cache: ForecastCache;

  constructor(
    private readonly engine: ForecastEngine,
    private readonly reader: ClosedReader,
    private readonly fits: Fits,
    private readonly limits: ForecastLimits,
    private readonly clock: Clock,
  ) {
    this.cache = new ForecastCache(limits.cacheBytes);
  }

  prepare(query: Omit<ForecastQuery, 'fromMs' | 'toMs'>, tenant: readonly Filter[]): PreparedForecast {
    const all = { fromMs: 0, toMs: MAX_TIME_MS };
    const asked = this.ask({ ...query, ...all }, query.horizonMs ?? DAY_MS, 1, tenant);
    const { plan, model, rule, horizonMs } = asked;
    return {
      plan,
      key: JSON.stringify([plan.key, model, rule, horizonMs, query.fill === 'zero']),
      read: (fromMs, scope) => {
        const range = checkRange(fromMs, MAX_TIME_MS);
        return this.answer({ ...query, ...range }, { ...asked, range }, scope);
      },
    };
  }

  async forecast(
    query: ForecastQuery,
    tenant: readonly Filter[],
    scope: RequestScope,
  ): Promise<ForecastAnswer> {
    return this.answer(query, this.ask(query, query.horizonMs ?? DAY_MS, 1, tenant), scope);
  }

  private async answer(query: ForecastSelection, asked: Asked, scope: RequestScope): Promise<ForecastAnswer> {
    const { answer, series } = await this.read(query, asked, scope);
    const rows = series.map((one) => ({ ...one, key: cacheKey(one, asked) }));
    const known = rows.map(({ key, closed }) => this.cache.get(key, closed.values));
    const unknown = rows.filter((_, row) => known[row] === undefined);
    const fitted = await this.fits.fit(unknown, scope);
    const made = unknown.map(({ key, closed }, row) => {
      const forecast = forecastOf(closed, fitted[row]!, asked.rule);
      this.cache.set(key, closed.values, forecast);
      return forecast;
    });
    let next = 0;
    return { ...headOf(answer, asked), series: known.map((forecast) => forecast ?? made[next++]!) };
  }

  async backtest(
    query: BacktestQuery,
    tenant: readonly Filter[],
    scope: RequestScope,
  ): Promise<BacktestAnswer> {
    const asked = this.ask(query, 0, query.forSteps ?? 1, tenant);
    const { answer, series } = await this.read(query, asked, scope);
    const fitted = await this.fits.fit(series, scope);
    return {
      ...headOf(answer, asked),
      series: series.map(({ closed: { labels }, job }, row) => ({
        labels,
        ...basisOf(fitted[row]!),
        ...judge(
          asked.model,
          { startMs: job.steps.startMs, values: shownValues(job) },
          fitted[row]!,
          asked.rule,
        ),
      })),
    };
  }

  private ask(
    query: ForecastSelection,
    horizonMs: number,
    forSteps: number,
    tenant: readonly Filter[],
  ): Asked {
    const range = checkRange(query.fromMs, query.toMs);
    const metric = this.engine.metric(query.metric, tenant);
    refuseIrregular(metric);
    const byDefault = query.stepMs === undefined && query.maxPoints === undefined;
    const plan = this.engine.plan(
      {
        metric: query.metric,
        measure: query.measure,
        filters: query.filters,
        groupBy: query.groupBy,
        stepMs: byDefault ? this.defaultStep(metric) : query.stepMs,
        maxPoints: query.maxPoints,
        overTime: query.overTime,
        includeOpen: false,
      },
      tenant,
      range,
    );
    const { interval, seasons, timeZone, holidays } = query;
    const model = orRefused(() =>
      forecastModel({
        stepMs: plan.stepMs,
        ...(interval !== undefined && { interval }),
        ...(seasons !== undefined && { seasons }),
        ...(timeZone !== undefined && { timeZone }),
        ...(holidays !== undefined && { holidays }),
      }),
    );
    orRefused(() => horizonSteps(model, horizonMs));
    const rule = { direction: query.direction ?? 'both', minChange: query.minChange ?? 0, forSteps };
    return { plan, range, model, rule, horizonMs };
  }

  /** Undefined where the metric has no step that fits, which the model then says. */
  private defaultStep(metric: Metric): number | undefined {
    const steps = stepsOf(metric);
    const nowMs = this.clock();
    const fit = steps.filter((step) => step >= MINUTE_MS && step <= DAY_MS);
    return fit.find((step) => reaches(metric, step, nowMs - SHORTEST_HISTORY_MS, nowMs)) ?? fit[0];
  }

  private async read(query: ForecastSelection, asked: Asked, scope: RequestScope): Promise<ReadSelection> {
    const { plan, range, model } = asked;
    await this.checkSeries(plan, scope);
    const closedMs = await this.engine.closedBefore(plan);
    const neededMs = historyNeededFrom(model, Math.min(range.fromMs, closedMs ?? range.fromMs));
    const fromMs = Math.max(0, Math.min(neededMs, range.toMs));
    const keptMs = await this.engine.keptFrom(plan, { fromMs, toMs: range.toMs });
    // A range of the past is read for itself, and so is one whose beginning is not kept, of which the answer then warns.
    const answer =
      (closedMs !== null && range.toMs <= closedMs) || range.fromMs < keptMs
        ? withoutHoles(await this.engine.closed(plan, { fromMs, toMs: range.toMs }, scope))
        : await this.reader.readFrom(plan, fromMs, scope);
    const series = answer.series.flatMap((closed): ReadSeries[] => {
      const job = jobOf(closed, query, asked, answer, fromMs);
      return job === null ? [] : [{ closed, job, series: `${plan.key}${JSON.stringify(closed.labels)}` }];
    });
    scope.reserve(series.reduce((points, { job }) => points + COLUMN_POINTS * answeredSteps(job), 0));
    // The training range may reach further back than the requested one.
    const warnings = answer.warnings.filter(
      ({ code }) => code !== 'range_not_kept' || range.fromMs < answer.keptFromMs,
    );
    return { answer: { ...answer, warnings }, series };
  }

  /** Before anything is read: thousands of series would be read for minutes to be refused then. */
  private async checkSeries(plan: Plan, scope: RequestScope): Promise<void> {
    const { maxSeries } = this.limits;
    const count = await this.engine.countSeries(plan, scope);
    if (count <= maxSeries) return;
    throw new RequestError(
      'range_too_large',
      `This selects ${count} series of "${plan.metric.name}"; one forecast takes at most ${maxSeries}. Filter them, or combine them with group_by.`,
      { metric: plan.metric.name, series: count, limit: maxSeries },
    );
  }
}

/** The series' steps up to where they have closed, one for each time; null where none has. */
function jobOf(
  series: ClosedSeries,
  query: ForecastSelection,
  { model, plan, range, horizonMs }: Asked,
  { closedBeforeMs, keptFromMs }: ClosedReading,
  readFromMs: number,
): FitJob | null {
  const { stepMs } = model;
  const { startMs } = series;
  if (closedBeforeMs === null || startMs >= closedBeforeMs) return null;
  const untilMs = Math.min(closedBeforeMs, Math.max(range.toMs, startMs));
  const values = upToLength(series.values, Math.ceil((untilMs - startMs) / stepMs));
  const { values: _, ...untyped } = model;
  const { combine } = plan.metric.measures[plan.measure]!;
  return {
    model: untyped,
    unknownKind: combine === 'sum' || combine === 'distinct' ? 'amount' : 'signed',
    steps: { startMs, values },
    // What is kept ends a little later with each moment. By whole days every bridge begins at the same step, and what is
    // fitted stays so for a day.
    learnFromMs: keptFromMs >= readFromMs + stepMs ? alignUp(keptFromMs, DAY_MS) : readFromMs,
    fillZero: query.fill === 'zero',
    fromMs: startMs + Math.max(0, Math.ceil((range.fromMs - startMs) / stepMs)) * stepMs,
    horizonMs: range.toMs >= closedBeforeMs ? horizonMs : 0,
  };
}

/** Of all that the forecast of a series depends on, besides its closed steps. */
function cacheKey({ series, job }: NamedJob, { rule }: Asked): string {
  const { steps, learnFromMs, model, unknownKind, fillZero, fromMs, horizonMs } = job;
  const unlearned = Math.max(0, Math.ceil((learnFromMs - steps.startMs) / model.stepMs));
  const { length } = steps.values;
  return JSON.stringify([
    series,
    model,
    rule,
    unknownKind,
    fillZero,
    steps.startMs,
    length,
    unlearned,
    fromMs,
    horizonMs,
  ]);
}

function forecastOf({ labels }: ClosedSeries, fitted: FittedSeries, rule: AnomalyRule): ForecastSeries {
  const { startMs, closed, actual, expected, lower, upper } = fitted;
  const score = fitted.score.map((value, index) =>
    Number.isNaN(actual[index]!) || Number.isNaN(expected[index]!)
      ? Number.NaN
      : ruledScore(rule, actual[index]!, expected[index]!, value),
  );
  return { labels, ...basisOf(fitted), startMs, closed, actual, expected, lower, upper, score };
}

function answeredSteps({ steps, fromMs, horizonMs, model: { stepMs } }: FitJob): number {
  const untilMs = steps.startMs + steps.values.length * stepMs;
  return Math.ceil((Math.max(0, untilMs - fromMs) + horizonMs) / stepMs);
}

/** The first `length` values, the last ones NaN where there are fewer. */
function upToLength(values: Float64Array, length: number): Float64Array {
  if (values.length >= length) return values.subarray(0, length);
  const longer = sharedColumn(length);
  longer.set(values);
  return longer;
}

function headOf(answer: ClosedReading, { model }: Asked): Omit<ForecastAnswer, 'series'> {
  const { series: _series, ...head } = answer;
  return { ...head, interval: model.interval, timeZone: model.timeZone };
}

function basisOf({ learning, kind, fingerprint }: FittedSeries): Omit<ForecastBasis, 'labels'> {
  const { state, haveMs, neededMs, trainedFromMs, seasons } = learning;
  const hours = (ms: number): string => `${Math.floor(ms / HOUR_MS)} h`;
  return {
    state,
    message:
      state === 'ready'
        ? null
        : `Learning: ${hours(haveMs)} of closed steps are there, ${hours(neededMs)} are needed.`,
    haveMs,
    neededMs,
    trainedFromMs: Number.isNaN(trainedFromMs) ? null : trainedFromMs,
    seasons,
    valuesKind: kind,
    fingerprint,
  };
}

function refuseIrregular({ name, window }: Metric): void {
  if (!isIrregular(window)) return;
  const what = window.type === 'session' ? 'Sessions' : 'Windows without a fixed distance, such as those';
  throw new RequestError(
    'invalid_forecast',
    `${what} of "${name}" have no steps, and without steps there is no forecast. Take a metric with tumbling or hopping windows.`,
    { metric: name },
  );
}

function orRefused<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ForecastRefusedError)) throw error;
    const message = `${error.message[0]!.toUpperCase()}${error.message.slice(1)}.`;
    throw new RequestError('invalid_forecast', message);
  }
}
