import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  FILTER_OPERATORS,
  QUERY_FIELDS,
  type FieldSchema,
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

const DURATION = /^(\d+(ms|s|m|h|d|w))+$/;
const OF_GRAFANA = ['refId', 'datasource', 'hide', 'version'];

/** Sentences; empty when all is well. */
export function faultsOf(query: SavedQuery): readonly string[] {
  const kind = typeof query['kind'] === 'string' ? query['kind'] : 'series';
  const faults: string[] = [];
  for (const [field, value] of Object.entries(query)) {
    if (OF_GRAFANA.includes(field)) continue;
    const schema = QUERY_FIELDS.find(([name]) => name === field)?.[1];
    if (schema === undefined || schema.runtime === true || schema.kinds?.includes(kind) === false)
      faults.push(`${field} is not a field of a ${kind} query`);
    else faults.push(...valueFaults(field, value, schema));
  }
  if (query['version'] !== 1) faults.push('version is missing');
  return kind === 'status' && query['metric'] === undefined
    ? faults
    : [...faults, ...metricFaults(query, kind)];
}

function valueFaults(
  field: string,
  value: unknown,
  { type, choices, default: byDefault }: FieldSchema,
): string[] {
  const isChoice = (item: unknown): boolean =>
    typeof item === 'string' && (choices === undefined || choices.includes(item));
  const isValid = {
    string: () => isChoice(value),
    duration: () => value === byDefault || DURATION.test(String(value)),
    number: () => typeof value === 'number',
    boolean: () => typeof value === 'boolean',
    list: () => Array.isArray(value) && value.every(isChoice),
    filters: () => Array.isArray(value),
  }[type];
  return isValid() ? [] : [`${field} is ${JSON.stringify(value)}`];
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
