import type { OverTime } from './metric';
import type { Labels } from './series';

/** Selections: the selectors shared by /query, /summary and subscriptions. */
export interface Filter {
  readonly dimension: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly values: readonly string[];
}

/**
 * A selection that is not yet validated against the metric. `tenant` filters are those of the token and always apply.
 */
export interface Selection {
  readonly metric: string;
  readonly measure?: string | undefined;
  readonly filters?: readonly Filter[] | undefined;
  readonly groupBy?: readonly string[] | undefined;
  readonly stepMs?: number | undefined;
  readonly maxPoints?: number | undefined;
  readonly overTime?: OverTime | undefined;
  readonly includeOpen?: boolean | undefined;
}

export interface Query extends Selection {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fill?: 'none' | 'zero' | 'null' | undefined;
  readonly includeRevisions?: boolean | undefined;
}

/** Request of /events/query. */
export interface EventsQuery {
  readonly metric: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly filters?: readonly Filter[] | undefined;
  /** 1 to 10,000; 1,000 when absent. */
  readonly limit?: number | undefined;
}

/** Request for the values of a dimension. */
export interface DimensionValuesQuery {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly prefix?: string | undefined;
  /** 1 to 10,000; 1,000 when absent. */
  readonly limit?: number | undefined;
}

export interface ResultSeries {
  readonly labels: Labels;
  readonly times: readonly number[];
  /** null: NaN, infinity, or a filled gap. */
  readonly values: readonly (number | null)[];
  readonly revisions: readonly number[];
  readonly removed: readonly number[];
  readonly removedRevisions: readonly number[];
  readonly openFromMs: number | null;
}

/** All warning codes, equal to those of the OpenAPI file. */
export const WARNING_CODES = [
  'series_truncated',
  'series_over_cap',
  'step_adjusted',
  'unsafe_integer',
  'values_unrepresentable',
  'not_combinable',
  'range_not_kept',
] as const;

export interface Warning {
  readonly code: (typeof WARNING_CODES)[number];
  readonly message: string;
  readonly [detail: string]: unknown;
}
