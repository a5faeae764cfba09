import type {
  BacktestAnswer,
  BacktestQuery,
  ForecastAnswer,
  ForecastQuery,
  ForecastSelection,
} from '../domain/forecasting';
import type { Selection } from '../domain/selection';
import {
  forecastBasisJson,
  forecastSeriesPieces,
  forecastSeriesText,
  hasForecastText,
} from '../live/forecast-text';
import type { components } from './api-types';
import { headToWire, steppedFromWire } from './wire-mapping';

/** Conversion of forecasts and backtests between wire and domain types. */

type Schemas = components['schemas'];

/** Most alarms per series in an answer; the newest are kept. */
const MAX_ALARMS = 1_000;
/** Up to this number of steps the text of a series is one chunk, which is cached with it. */
const SHORT_SERIES = 4_000;

/** Options of a subscription's `forecast`. */
export type ForecastOptions = ModelOptions & Pick<Schemas['ForecastRequest'], 'horizon_ms'>;
type ModelOptions = Pick<
  Schemas['ForecastRequest'],
  'fill' | 'interval' | 'seasons' | 'time_zone' | 'holidays' | 'direction' | 'min_change'
>;

function modelFromWire(given: ModelOptions) {
  return {
    fill: given.fill,
    interval: given.interval,
    seasons: given.seasons,
    timeZone: given.time_zone,
    holidays: given.holidays,
    direction: given.direction,
    minChange: given.min_change,
  };
}

function selectionFromWire(body: Schemas['ForecastRequest'] | Schemas['BacktestRequest']): ForecastSelection {
  return { ...steppedFromWire(body), ...modelFromWire(body) };
}

export function forecastOptionsOf(
  given: ForecastOptions,
): Omit<ForecastQuery, keyof Selection | 'fromMs' | 'toMs'> {
  return { ...modelFromWire(given), horizonMs: given.horizon_ms };
}

export function forecastFromWire(body: Schemas['ForecastRequest']): ForecastQuery {
  return { ...selectionFromWire(body), horizonMs: body.horizon_ms };
}

export function backtestFromWire(body: Schemas['BacktestRequest']): BacktestQuery {
  return { ...selectionFromWire(body), forSteps: body.for_steps };
}

function forecastHead(
  answer: Omit<ForecastAnswer, 'series'>,
): Schemas['QueryHead'] & Schemas['ForecastHead'] {
  return {
    ...headToWire(answer),
    interval: answer.interval,
    time_zone: answer.timeZone,
    closed_before_ms: answer.closedBeforeMs,
  };
}

/** Number of steps whose text has not been built yet. */
export function unwrittenSteps({ series }: ForecastAnswer): number {
  return series.reduce((steps, one) => steps + (hasForecastText(one) ? 0 : one.actual.length), 0);
}

/** The answer of /forecast as JSON, one chunk per series, or per column of a long one. NaN becomes null. */
export function* forecastJson(answer: ForecastAnswer): Generator<string> {
  yield `${JSON.stringify(forecastHead(answer)).slice(0, -1)},"series":[`;
  let separator = '';
  for (const series of answer.series) {
    yield separator;
    if (series.actual.length > SHORT_SERIES) yield* forecastSeriesPieces(series, answer.stepMs, 0);
    else yield forecastSeriesText(series, answer.stepMs);
    separator = ',';
  }
  yield ']}';
}

export function backtestToWire(answer: BacktestAnswer): Schemas['BacktestAnswer'] {
  return {
    ...forecastHead(answer),
    series: answer.series.map((series) => ({
      ...forecastBasisJson(series),
      steps: series.steps,
      mase: numberOrNull(series.mase),
      coverage: numberOrNull(series.coverage),
      interval_score: numberOrNull(series.intervalScore),
      alarms_per_day: series.alarmsPerDay,
      alarm_count: series.alarms.length,
      alarms: series.alarms.slice(-MAX_ALARMS).map(({ fromMs, toMs }) => ({ from_ms: fromMs, to_ms: toMs })),
    })),
  };
}

/** Null for NaN: a constant series has no scale to measure errors by. */
function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
