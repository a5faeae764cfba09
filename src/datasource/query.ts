import type { DataQuery } from '@grafana/schema';

/**
 * The query as Grafana saves it, in dashboards and alert rules. Its defaults, its migration and its validation live
 * in the backend (pkg/), because alert rules and public dashboards send the saved JSON straight there; the browser
 * only fills in template variables. The same JSON is held to the Go side by tests/fixtures/plugin/queries.
 */
export interface StreamKpiQuery extends DataQuery {
  /** Of the saved form; absent in what was written by hand. */
  readonly version?: 1;
  /** Default: series. */
  readonly kind?: QueryKind;
  /** For numeric status: only what belongs to this metric. */
  readonly metric?: string;
  /** Default: the metric's default measure. */
  readonly measure?: string;
  /** A series must pass all of them. */
  readonly filters?: readonly QueryFilter[];
  /** Absent: every series on its own; empty: all combined into one. */
  readonly groupBy?: readonly string[];
  /** Default: the measure's own rule. */
  readonly overTime?: OverTime;
  /** Value for a window without a record; default none: no point. */
  readonly fill?: Fill;
  /** `auto` (default): from the panel's width; `window`: one window; or a duration such as `5m`. */
  readonly step?: string;
  /**
   * `auto` (default): panels include open windows; summaries, alert rules and expressions leave them
   * out. `separate`: of series, as a series of their own; alert rules and expressions leave them out.
   */
  readonly openWindows?: OpenWindows;
  /** One statistic as a number a series; absent: the whole summary as a table (alert rules: `last`). */
  readonly stat?: SummaryStat;
  /** Default: table. Alert rules take no table: they read `count`. */
  readonly eventsAs?: EventsAs;
  /** Events of these only; absent or empty: of all. */
  readonly severities?: readonly Severity[];
  /** Default: all. Resolved: the window is final, or the event was removed. */
  readonly eventState?: EventStateFilter;
  /** Most events of an answer, the newest ones. */
  readonly limit?: number;
  /** Default: table. Alert rules take no table: they read `ready`. */
  readonly statusAs?: StatusAs;
  /** Numeric status: the value now, or what the bridge has recorded over the range; default: now. */
  readonly statusOver?: StatusOver;
  /** A duration such as `1h`: shows the data of that much earlier. */
  readonly timeShift?: string;
  /** Name of the series: `{{segment}}`, `{{metric}}`, `{{measure}}`, `{{stat}}`. */
  readonly alias?: string;
  /** Of forecasts; default: bands. Alert rules take no bands and no table: they read `score`. */
  readonly forecastAs?: ForecastAs;
  /** Share of the steps that the band should hold, 0.5 to 0.999; default: 0.95. */
  readonly band?: number;
  /** Default: auto, the day, and the week as far as the data shows one. */
  readonly seasons?: Seasons;
  /** IANA name; days begin by its wall clock. Default: UTC. */
  readonly timeZone?: string;
  /** Local dates, e.g. `2026-12-24`, that neither teach nor have a score. */
  readonly holidays?: readonly string[];
  /** Which side is an anomaly; default: both. */
  readonly direction?: Direction;
  /** A smaller deviation from the expected value is not an anomaly; in the unit of the measure. */
  readonly minChange?: number;
  /** How far ahead is shown, e.g. `1d`; default: to the end of the range. */
  readonly horizon?: string;
  /** Anomalous steps in a row that count as an anomaly; default: 1. Scores do not depend on it. */
  readonly forSteps?: number;
  /** Whether a panel is kept up to date; default: true. Alert rules, annotations and past ranges never are. */
  readonly live?: boolean;

  /** Set at run time, never saved: those whose dimension the metric lacks are left out with a notice. */
  readonly adhocFilters?: readonly QueryFilter[];
  /** Set at run time, never saved: adds revisions to the frames' metadata. */
  readonly withRevisions?: boolean;
  /** Set at run time, never saved: the browser has filled the variables in, and what looks like one is a text. */
  readonly interpolated?: boolean;
}

export const QUERY_KINDS = ['series', 'summary', 'events', 'forecast', 'status'] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

export const FILTER_OPERATORS = ['=', '!=', '=~', '!~'] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

/** `=` any of the values, `!=` none of them; `=~` and `!~` the same with RE2 patterns matched in full. */
export interface QueryFilter {
  readonly dimension: string;
  readonly op: FilterOperator;
  readonly values: readonly string[];
}

export const OVER_TIME = ['avg', 'sum', 'min', 'max', 'last'] as const;
export type OverTime = (typeof OVER_TIME)[number];

export const FILLS = ['none', 'zero', 'null'] as const;
export type Fill = (typeof FILLS)[number];

export const OPEN_WINDOWS = ['auto', 'include', 'exclude', 'separate'] as const;
export type OpenWindows = (typeof OPEN_WINDOWS)[number];

export const SUMMARY_STATS = ['last', 'previous', 'delta', 'min', 'max', 'avg', 'sum', 'count'] as const;
export type SummaryStat = (typeof SUMMARY_STATS)[number];

export const EVENTS_AS = ['table', 'count', 'value'] as const;
export type EventsAs = (typeof EVENTS_AS)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const EVENT_STATES = ['all', 'open', 'resolved'] as const;
export type EventStateFilter = (typeof EVENT_STATES)[number];

export const FORECAST_AS = [
  'bands',
  'score',
  'expected',
  'lower',
  'upper',
  'anomalous',
  'anomalous_share',
  'anomalies',
  'backtest',
] as const;
export type ForecastAs = (typeof FORECAST_AS)[number];

export const SEASONS = ['auto', 'day', 'week'] as const;
export type Seasons = (typeof SEASONS)[number];

export const DIRECTIONS = ['up', 'down', 'both'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const STATUS_AS = [
  'table',
  'ready',
  'freshness',
  'lag',
  'dead_letters',
  'records',
  'clients',
] as const;
export type StatusAs = (typeof STATUS_AS)[number];

export const STATUS_OVER = ['now', 'range'] as const;
export type StatusOver = (typeof STATUS_OVER)[number];
