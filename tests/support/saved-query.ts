import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  EVENTS_AS,
  DIRECTIONS,
  EVENT_STATES,
  FILLS,
  FILTER_OPERATORS,
  FORECAST_AS,
  OPEN_WINDOWS,
  OVER_TIME,
  QUERY_KINDS,
  SEASONS,
  SEVERITIES,
  STATUS_AS,
  STATUS_OVER,
  SUMMARY_STATS,
  type QueryFilter,
} from '../../src/datasource/query';
import type { SavedQuery } from './provisioned';

/** What is wrong with a saved query: by its type, and against the default metrics.yaml. */

interface MappedMetric {
  readonly kind: 'window' | 'event';
  readonly dimensions?: Readonly<Record<string, unknown>>;
  readonly measures: Readonly<Record<string, unknown>>;
}

export const METRICS = (
  parse(readFileSync(join(__dirname, '../../backend-bridge/metrics.yaml'), 'utf8')) as {
    metrics: Readonly<Record<string, MappedMetric>>;
  }
).metrics;

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  version: [1],
  kind: QUERY_KINDS,
  overTime: OVER_TIME,
  fill: FILLS,
  openWindows: OPEN_WINDOWS,
  stat: SUMMARY_STATS,
  eventsAs: EVENTS_AS,
  eventState: EVENT_STATES,
  statusAs: STATUS_AS,
  statusOver: STATUS_OVER,
  forecastAs: FORECAST_AS,
  seasons: SEASONS,
  direction: DIRECTIONS,
  live: [true, false],
};
const DURATION = /^(\d+(ms|s|m|h|d|w))+$/;

const LISTS: Readonly<Record<string, readonly string[] | null>> = { groupBy: null, severities: SEVERITIES };

/** Fields of every query, and those that only one kind of query heeds. */
const OF_EVERY_KIND = ['refId', 'datasource', 'hide', 'version', 'kind', 'metric', 'alias', 'live'];
const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  series: ['measure', 'filters', 'groupBy', 'overTime', 'fill', 'step', 'openWindows', 'timeShift'],
  summary: ['measure', 'filters', 'groupBy', 'openWindows', 'stat', 'timeShift'],
  events: ['filters', 'groupBy', 'eventsAs', 'severities', 'eventState', 'limit', 'openWindows', 'timeShift'],
  forecast: [
    ...[
      'measure',
      'filters',
      'groupBy',
      'overTime',
      'fill',
      'step',
      'timeShift',
      'limit',
      'forecastAs',
      'band',
    ],
    ...['seasons', 'timeZone', 'holidays', 'direction', 'minChange', 'horizon', 'forSteps'],
  ],
  status: ['statusAs', 'statusOver'],
};

/** Sentences; empty when all is well. */
export function faultsOf(query: SavedQuery): readonly string[] {
  const kind = typeof query['kind'] === 'string' ? query['kind'] : 'series';
  const faults: string[] = [];
  const known = [...OF_EVERY_KIND, ...(OF_KIND[kind] ?? [])];
  for (const [field, value] of Object.entries(query)) {
    if (!known.includes(field)) faults.push(`${field} is no field of a ${kind} query`);
    const choices = CHOICES[field];
    if (choices !== undefined && !choices.includes(value))
      faults.push(`${field} is ${JSON.stringify(value)}`);
    if (['step', 'timeShift', 'horizon'].includes(field) && !DURATION.test(String(value)))
      faults.push(`${field} is no duration`);
    if (field in LISTS) faults.push(...listFaults(field, value, LISTS[field] ?? null));
  }
  if (query['version'] !== 1) faults.push('version is missing');
  return kind === 'status' && query['metric'] === undefined
    ? faults
    : [...faults, ...metricFaults(query, kind)];
}

function listFaults(field: string, value: unknown, choices: readonly string[] | null): string[] {
  if (!Array.isArray(value)) return [`${field} is no list`];
  return value
    .filter((item) => typeof item !== 'string' || (choices !== null && !choices.includes(item)))
    .map((item) => `${field} has ${JSON.stringify(item)}`);
}

function metricFaults(query: SavedQuery, kind: string): string[] {
  const metric = METRICS[String(query['metric'])];
  if (metric === undefined) return [`there is no metric ${String(query['metric'])}`];
  const faults: string[] = [];
  if (kind === 'events' && metric.kind !== 'event') faults.push(`${String(query['metric'])} has no events`);
  const {
    measure,
    groupBy = [],
    filters = [],
  } = query as {
    measure?: string;
    groupBy?: readonly string[];
    filters?: readonly QueryFilter[];
  };
  if (measure !== undefined && !(measure in metric.measures)) faults.push(`there is no measure ${measure}`);
  const dimensions = Object.keys(metric.dimensions ?? {});
  for (const name of [...groupBy, ...filters.map(({ dimension }) => dimension)]) {
    if (!dimensions.includes(name)) faults.push(`${String(query['metric'])} has no dimension ${name}`);
  }
  for (const { op, values } of filters) {
    if (!FILTER_OPERATORS.includes(op)) faults.push(`a filter has the operator ${op}`);
    if (values.length === 0) faults.push('a filter has no values');
  }
  return faults;
}
