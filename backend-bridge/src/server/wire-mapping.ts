import { combinesAcrossSeries, combinesOverTime, windowsOverlap } from '../domain/combination-rules';
import { hasHistory, tiersOf } from '../domain/history/tiers';
import type { Measure, Metric, OverTime, Window } from '../domain/metric';
import type {
  CatalogueAnswer,
  DimensionValuesAnswer,
  EventEntry,
  EventsAnswer,
  QueryAnswer,
  SummaryAnswer,
  SummarySeries,
} from '../domain/query-answer';
import type { EventsQuery, Query } from '../domain/selection';
import type { components } from './api-types';

/** Conversion between the wire's snake_case and the domain's camelCase types. */

type Schemas = components['schemas'];
export type QueryHead = Schemas['QueryHead'];

/** The options that queries, forecasts and backtests of series share. */
export function steppedFromWire(
  body: Schemas['QueryRequest'] | Schemas['ForecastRequest'] | Schemas['BacktestRequest'],
) {
  return {
    ...selectedFromWire(body),
    stepMs: body.step_ms,
    maxPoints: body.max_points,
    overTime: body.over_time,
  };
}

function selectedFromWire(body: Parameters<typeof steppedFromWire>[0] | Schemas['SummaryRequest']) {
  return {
    metric: body.metric,
    measure: body.measure,
    fromMs: body.from_ms,
    toMs: body.to_ms,
    filters: body.filters,
    groupBy: body.group_by,
  };
}

export function queryFromWire(body: Schemas['QueryRequest']): Query {
  return {
    ...steppedFromWire(body),
    fill: body.fill ?? 'none',
    includeOpen: body.include_open ?? true,
    includeRevisions: body.include_revisions ?? false,
  };
}

/** Omits step options: a summary always uses the metric's windows. */
export function summaryFromWire(body: Schemas['SummaryRequest']): Query {
  return { ...selectedFromWire(body), includeOpen: body.include_open ?? false };
}

export function eventsFromWire(body: Schemas['EventsRequest']): EventsQuery {
  return {
    metric: body.metric,
    fromMs: body.from_ms,
    toMs: body.to_ms,
    filters: body.filters,
    limit: body.limit ?? 1_000,
  };
}

export function headToWire(answer: Omit<QueryAnswer, 'series'>): QueryHead {
  return {
    metric: answer.metric,
    measure: answer.measure,
    unit: answer.unit,
    step_ms: answer.stepMs,
    watermark_ms: answer.watermarkMs,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    warnings: answer.warnings as QueryHead['warnings'],
  };
}

export function summaryToWire(answer: SummaryAnswer): Schemas['SummaryAnswer'] {
  return { ...headToWire(answer), series: answer.series.map(summarySeriesToWire) };
}

function summarySeriesToWire(series: SummarySeries): Schemas['SummarySeries'] {
  return {
    labels: series.labels,
    last: series.last,
    last_time_ms: series.lastTimeMs,
    previous: series.previous,
    delta: series.delta,
    min: series.min,
    max: series.max,
    avg: series.avg,
    sum: series.sum,
    count: series.count,
    updated_ms: series.updatedMs,
    open: series.open,
    stale: series.stale,
  };
}

export function eventsToWire(answer: EventsAnswer): Schemas['EventsAnswer'] {
  return {
    metric: answer.metric,
    watermark_ms: answer.watermarkMs,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    events: answer.events.map(eventToWire),
    warnings: answer.warnings as Schemas['Warning'][],
  };
}

function eventToWire(event: EventEntry): Schemas['Event'] {
  return {
    id: event.id,
    time_ms: event.timeMs,
    end_ms: event.endMs,
    first_seen_ms: event.firstSeenMs,
    updated_ms: event.updatedMs,
    severity: event.severity as Schemas['Event']['severity'],
    message: event.message,
    labels: event.labels,
    value: event.value,
    revision: event.revision,
    state: event.state,
  };
}

const OVER_TIME: readonly OverTime[] = ['avg', 'sum', 'min', 'max', 'last'];

/** Time aggregation rules that a query on the measure may use. */
function overTimeChoices(metric: Metric, measure: Measure): OverTime[] {
  return OVER_TIME.filter(
    (rule) => combinesOverTime(metric, measure, rule) && !(rule === 'sum' && windowsOverlap(metric)),
  );
}

function windowToWire(window: Window): Schemas['MetricEntry']['window'] {
  const { offsetMs, calendar, anyStart, cumulating } = window;
  return {
    type: window.type,
    size_ms: window.sizeMs,
    advance_ms: window.advanceMs,
    gap_ms: window.gapMs,
    grace_ms: window.graceMs,
    ...(offsetMs !== undefined && { offset_ms: offsetMs }),
    ...(calendar !== undefined && { calendar: { unit: calendar.unit, timezone: calendar.timeZone } }),
    ...(anyStart === true && { any_start: true }),
    ...(cumulating !== undefined && { cumulating_ms: cumulating.sizeMs }),
  };
}

function metricToWire({ metric, stepsMs }: CatalogueAnswer['metrics'][number]): Schemas['MetricEntry'] {
  return {
    name: metric.name,
    title: metric.title,
    description: metric.description,
    kind: metric.kind,
    window: windowToWire(metric.window),
    retention_ms: metric.retentionMs,
    ...(hasHistory(metric) && {
      history: tiersOf(metric).map(({ stepMs, keepMs }) => ({ step_ms: stepMs, keep_ms: keepMs })),
    }),
    final_only: metric.finalOnly,
    steps_ms: [...stepsMs],
    dimensions: metric.dimensions.map(({ name, title, description }) => ({ name, title, description })),
    default_measure: metric.measures[0]!.name,
    measures: metric.measures.map((measure) => ({
      name: measure.name,
      title: measure.title,
      description: measure.description,
      unit: measure.unit,
      combine: measure.combine,
      sum_from: measure.sumFrom,
      count_from: measure.countFrom,
      across_series: combinesAcrossSeries(metric, measure),
      over_time: measure.overTime,
      over_time_choices: overTimeChoices(metric, measure),
      optional: measure.optional,
      thresholds: measure.thresholds.map(({ value, color }) => ({ value, color })),
    })),
    event: metric.event === null ? null : { severity: metric.event.severity, message: metric.event.message },
  };
}

export function catalogueToWire(answer: CatalogueAnswer): Schemas['CatalogueAnswer'] {
  return {
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    metrics: answer.metrics.map(metricToWire),
  };
}

export function dimensionValuesToWire(answer: DimensionValuesAnswer): Schemas['DimensionValuesAnswer'] {
  return {
    metric: answer.metric,
    dimension: answer.dimension,
    values: [...answer.values],
    truncated: answer.truncated,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
  };
}
