import type { DataQuery } from '@grafana/schema';
import { t } from '../locales/translate';

/**
 * The query as Grafana saves it, in dashboards and alert rules. Alert rules and public dashboards send the saved JSON
 * straight to the backend, so pkg/model applies defaults, migration and validation; the browser only fills in
 * template variables.
 */
export interface StreamKpiQuery extends DataQuery, QueryFields {
  /** Of the saved form; absent in what was written by hand. */
  readonly version?: 1;
}

export const FILTER_OPERATORS = ['=', '!=', '=~', '!~'] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

/** `=` any of the values, `!=` none of them; `=~` and `!~` the same with RE2 patterns matched in full. */
export interface QueryFilter {
  readonly dimension: string;
  readonly op: FilterOperator;
  readonly values: readonly string[];
}

export interface FieldSchema {
  readonly type: 'string' | 'duration' | 'number' | 'boolean' | 'list' | 'filters';
  /** The values of a string, or of a list's entries. */
  readonly choices?: readonly string[];
  /** What an absent field means, for a panel. */
  readonly default?: string | number | boolean;
  /** The kinds of queries that use it; absent: all. */
  readonly kinds?: readonly string[];
  /** Template variables are filled in; what messages about them call the field. */
  readonly variables?: () => string;
  /** Set at run time, never saved. */
  readonly runtime?: true;
}

const OF_METRICS = ['series', 'summary', 'events', 'forecast'] as const;
const OF_NUMBERS = ['series', 'summary', 'forecast'] as const;
const OF_STEPS = ['series', 'forecast'] as const;

/**
 * The one declaration of every field. Types, the interpolated fields, the reference and what tests accept as a saved
 * query follow from it; pkg/model/schema_test.go compares the backend with it.
 */
export const QUERY_SCHEMA = {
  /** Default: series. */
  kind: {
    type: 'string',
    choices: ['series', 'summary', 'events', 'forecast', 'status'],
    default: 'series',
    variables: () => t('variables.field.kind', 'kind of the query'),
  },
  /** For numeric status: only what belongs to this metric. */
  metric: { type: 'string', variables: () => t('variables.field.metric', 'metric') },
  /** Default: the metric's default measure. */
  measure: {
    type: 'string',
    kinds: OF_NUMBERS,
    variables: () => t('variables.field.measure', 'measure'),
  },
  /** A series must pass all of them. */
  filters: {
    type: 'filters',
    kinds: OF_METRICS,
    variables: () => t('variables.field.dimension', 'dimension of a filter'),
  },
  /** Absent: every series on its own; empty: all combined into one. */
  groupBy: {
    type: 'list',
    kinds: OF_METRICS,
    variables: () => t('variables.field.group-by', 'grouping'),
  },
  /** Default: the measure's own rule. */
  overTime: {
    type: 'string',
    choices: ['avg', 'sum', 'min', 'max', 'last'],
    kinds: OF_STEPS,
    variables: () => t('variables.field.over-time', 'rule over time'),
  },
  /** Value for a window without a record; default none: no point. */
  fill: {
    type: 'string',
    choices: ['none', 'zero', 'null'],
    default: 'none',
    kinds: OF_STEPS,
    variables: () => t('variables.field.fill', 'filling of gaps'),
  },
  /** `auto` (default): from the panel's width; `window`: one window; or a duration such as `5m`. */
  step: {
    type: 'duration',
    default: 'auto',
    kinds: OF_STEPS,
    variables: () => t('variables.field.step', 'step'),
  },
  /**
   * `auto` (default): panels include open windows; summaries, alert rules and expressions leave them
   * out. `separate`: of series, as a series of their own; alert rules and expressions leave them out.
   */
  openWindows: {
    type: 'string',
    choices: ['auto', 'include', 'exclude', 'separate'],
    default: 'auto',
    kinds: ['series', 'summary', 'events'],
    variables: () => t('variables.field.open-windows', 'choice of open windows'),
  },
  /** One statistic as a number per series; absent: the whole summary as a table (alert rules: `last`). */
  stat: {
    type: 'string',
    choices: ['last', 'previous', 'delta', 'min', 'max', 'avg', 'sum', 'count'],
    kinds: ['summary'],
    variables: () => t('variables.field.stat', 'statistic'),
  },
  /** Default: table. Alert rules take no table: they read `count`. */
  eventsAs: {
    type: 'string',
    choices: ['table', 'count', 'value'],
    default: 'table',
    kinds: ['events'],
    variables: () => t('variables.field.events-as', 'form of the events'),
  },
  /** Events of these only; absent or empty: of all. */
  severities: {
    type: 'list',
    choices: ['info', 'warning', 'critical'],
    kinds: ['events'],
    variables: () => t('variables.field.severities', 'list of severities'),
  },
  /** Default: all. Resolved: the window is final, or the event was removed. */
  eventState: {
    type: 'string',
    choices: ['all', 'open', 'resolved'],
    default: 'all',
    kinds: ['events'],
    variables: () => t('variables.field.event-state', 'state of the events'),
  },
  /** Most events of an answer, the newest ones. */
  limit: {
    type: 'number',
    kinds: ['events', 'forecast'],
    variables: () => t('variables.field.limit', 'limit'),
  },
  /** Default: table. Alert rules take no table: they read `ready`. */
  statusAs: {
    type: 'string',
    choices: ['table', 'ready', 'freshness', 'lag', 'dead_letters', 'records', 'clients'],
    default: 'table',
    kinds: ['status'],
    variables: () => t('variables.field.status-as', 'form of the status'),
  },
  /** Numeric status: the value now, or what the bridge has recorded over the range; default: now. */
  statusOver: {
    type: 'string',
    choices: ['now', 'range'],
    default: 'now',
    kinds: ['status'],
    variables: () => t('variables.field.status-over', 'time of the status'),
  },
  /** A duration such as `1h`: shows the data of that much earlier. */
  timeShift: {
    type: 'duration',
    kinds: OF_METRICS,
    variables: () => t('variables.field.time-shift', 'time shift'),
  },
  /** Name of the series: `{{segment}}`, `{{metric}}`, `{{measure}}`, `{{stat}}`. */
  alias: { type: 'string', variables: () => t('variables.field.alias', 'alias') },
  /** The values have the thresholds of the metrics file, which Grafana takes before the panel's own; default: false. */
  metricThresholds: { type: 'boolean', default: false, kinds: ['series', 'summary', 'events'] },
  /** Of forecasts; default: bands. Alert rules take no bands and no table: they read `score`. */
  forecastAs: {
    type: 'string',
    choices: [
      'bands',
      'score',
      'expected',
      'lower',
      'upper',
      'anomalous',
      'anomalous_share',
      'anomalies',
      'backtest',
    ],
    default: 'bands',
    kinds: ['forecast'],
    variables: () => t('variables.field.forecast-as', 'form of the forecast'),
  },
  /** Share of the steps that the band should hold, 0.5 to 0.999; default: 0.95. */
  band: { type: 'number', default: 0.95, kinds: ['forecast'] },
  /** Default: auto, the day, and the week as far as the data shows one. */
  seasons: {
    type: 'string',
    choices: ['auto', 'day', 'week'],
    default: 'auto',
    kinds: ['forecast'],
    variables: () => t('variables.field.seasons', 'choice of seasons'),
  },
  /** IANA name; days begin by its wall clock. Default: UTC. */
  timeZone: {
    type: 'string',
    default: 'UTC',
    kinds: ['forecast'],
    variables: () => t('variables.field.time-zone', 'time zone'),
  },
  /** Local dates, e.g. `2026-12-24`, that neither teach nor have a score. */
  holidays: {
    type: 'list',
    kinds: ['forecast'],
    variables: () => t('variables.field.holidays', 'list of holidays'),
  },
  /** Which side is an anomaly; default: both. */
  direction: {
    type: 'string',
    choices: ['up', 'down', 'both'],
    default: 'both',
    kinds: ['forecast'],
    variables: () => t('variables.field.direction', 'direction'),
  },
  /** A smaller deviation from the expected value is not an anomaly; in the unit of the measure. */
  minChange: { type: 'number', default: 0, kinds: ['forecast'] },
  /** How far ahead is shown, e.g. `1d`; default: to the end of the range. */
  horizon: {
    type: 'duration',
    kinds: ['forecast'],
    variables: () => t('variables.field.horizon', 'horizon'),
  },
  /** Anomalous steps in a row that count as an anomaly; default: 1. Scores do not depend on it. */
  forSteps: { type: 'number', default: 1, kinds: ['forecast'] },
  /** Whether a panel is kept up to date; default: true. Alert rules, annotations and past ranges never are. */
  live: { type: 'boolean', default: true },

  /** Set at run time, never saved: those whose dimension the metric lacks are left out with a notice. */
  adhocFilters: { type: 'filters', runtime: true },
  /** Set at run time, never saved: adds revisions to the frames' metadata. */
  withRevisions: { type: 'boolean', default: false, runtime: true },
  /** Set at run time, never saved: the browser has filled the variables in, and what looks like one is a text. */
  interpolated: { type: 'boolean', default: false, runtime: true },
} as const satisfies Readonly<Record<string, FieldSchema>>;

/** Names and schemas of the fields. */
export const QUERY_FIELDS = Object.entries(QUERY_SCHEMA) as readonly (readonly [QueryField, FieldSchema])[];

type QueryField = keyof typeof QUERY_SCHEMA;
type TextOf<Schema> = Schema extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;
type ValueOf<Schema extends FieldSchema> = {
  string: TextOf<Schema>;
  duration: string;
  number: number;
  boolean: boolean;
  list: readonly TextOf<Schema>[];
  filters: readonly QueryFilter[];
}[Schema['type']];
type QueryFields = { readonly [Name in QueryField]?: ValueOf<(typeof QUERY_SCHEMA)[Name]> };

/** What a field may be set to. */
export type QueryChoice<Name extends QueryField> = NonNullable<StreamKpiQuery[Name]>;
export type QueryKind = QueryChoice<'kind'>;
export type OverTime = QueryChoice<'overTime'>;
