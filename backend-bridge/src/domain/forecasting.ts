import type { Plan, QueryAnswer } from './query-answer';
import type { Filter, Selection } from './selection';
import type { Labels } from './series';
import type { RequestScope } from './request-scope';

/** Port for forecasts, with its queries and answers. Times in milliseconds. */

/** The selectors of /query with the forecast options. Absent ones have the defaults of the OpenAPI file. */
export interface ForecastSelection extends Omit<Selection, 'includeOpen'> {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fill?: 'none' | 'zero' | undefined;
  readonly interval?: number | undefined;
  readonly seasons?: 'auto' | 'day' | 'week' | undefined;
  readonly timeZone?: string | undefined;
  /** Local dates, `YYYY-MM-DD`. */
  readonly holidays?: readonly string[] | undefined;
  readonly direction?: 'up' | 'down' | 'both' | undefined;
  /** In the unit of the measure. */
  readonly minChange?: number | undefined;
}

export interface ForecastQuery extends ForecastSelection {
  /** Horizon from the first open step on. */
  readonly horizonMs?: number | undefined;
}

export interface BacktestQuery extends ForecastSelection {
  /** Anomalous steps in a row before the rule fires. */
  readonly forSteps?: number | undefined;
}

export interface ForecastBasis {
  readonly labels: Labels;
  readonly state: 'learning' | 'ready';
  /** What is missing while it is learning, as a sentence. */
  readonly message: string | null;
  readonly haveMs: number;
  readonly neededMs: number;
  readonly trainedFromMs: number | null;
  readonly seasons: readonly ('day' | 'week')[];
  readonly valuesKind: 'count' | 'amount' | 'signed';
  /** Fingerprint of the model and its input; equal fingerprints mean equal steps ahead. */
  readonly fingerprint: string;
}

/** Columns hold one value per step, beginning with `startMs`; NaN where the step has none. */
export interface ForecastSeries extends ForecastBasis {
  readonly startMs: number;
  /** Number of closed steps; later ones are forecasts. */
  readonly closed: number;
  readonly actual: Float64Array;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly score: Float64Array;
}

/** Figures are NaN where no step had a value and a band. */
export interface BacktestSeries extends ForecastBasis {
  readonly steps: number;
  readonly mase: number;
  /** 0 to 1. */
  readonly coverage: number;
  readonly intervalScore: number;
  readonly alarmsPerDay: number;
  readonly alarms: readonly { readonly fromMs: number; readonly toMs: number }[];
}

interface ForecastHead extends Omit<QueryAnswer, 'series'> {
  /** Steps that begin before this have closed; null: none has. */
  readonly closedBeforeMs: number | null;
  /** The first step in the store, or the start of the range read. */
  readonly keptFromMs: number;
  readonly interval: number;
  readonly timeZone: string;
}

export interface ForecastAnswer extends ForecastHead {
  readonly series: readonly ForecastSeries[];
}

export interface BacktestAnswer extends ForecastHead {
  readonly series: readonly BacktestSeries[];
}

/**
 * Rejects with RequestError as /query does and with `invalid_forecast`, and with UnavailableError when the store does
 * not answer.
 */
export interface Forecasts {
  /** Validates a selection that can then be read repeatedly. Throws RequestError. */
  prepare(query: Omit<ForecastQuery, 'fromMs' | 'toMs'>, tenant: readonly Filter[]): PreparedForecast;
  forecast(query: ForecastQuery, tenant: readonly Filter[], scope: RequestScope): Promise<ForecastAnswer>;
  backtest(query: BacktestQuery, tenant: readonly Filter[], scope: RequestScope): Promise<BacktestAnswer>;
}

export interface PreparedForecast {
  readonly plan: Plan;
  /** Two with the same key give the same answers. */
  readonly key: string;
  /** All steps from a time on, with those ahead. Rejects like `forecast`. */
  read(fromMs: number, scope: RequestScope): Promise<ForecastAnswer>;
}
