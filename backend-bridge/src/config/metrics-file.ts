import { readFileSync } from 'node:fs';
import { StartRefusedError } from '../domain/errors';
import { fileText } from '../domain/file-text';
import type { FieldSource, TimeField, TopicMapping } from '../domain/mapping';
import { MAX_MEASURES, type Measure, type Metric, type OverTime, type Window } from '../domain/metric';
import {
  metricSchema,
  metricsFileSchema,
  type MeasureEntry,
  type MetricEntry,
  type TimeFieldEntry,
} from './metrics-schema';
import { METRICS_FILE_WORDS } from './metrics-file-words';
import { combinationProblems, sharedTopicProblems } from './metric-problems';
import { name } from './names';
import { hasFields, toPayload, type FileOfMappings } from './payload-mapping';
import { documentProblems, problemsOf, type Vocabulary } from './problems';
import { similarSetting } from './setting-names';
import { toWindow, windowProblems } from './window-mapping';
import { readYaml } from './yaml-document';

/** Parser of metrics.yaml, which maps topics to metrics. */

/** Throws for a file that cannot be used. */
export class MetricsFileError extends StartRefusedError {
  constructor(
    file: string,
    /** Each a sentence with its place in the file. */
    readonly problems: readonly string[],
  ) {
    super(`${file} cannot be used:\n  ${problems.join('\n  ')}`);
    this.name = 'MetricsFileError';
  }
}

const DEFAULT_OVER_TIME: Readonly<Record<Measure['combine'], OverTime>> = {
  sum: 'avg',
  avg: 'avg',
  min: 'min',
  max: 'max',
  distinct: 'avg',
  none: 'last',
};

function toMeasure(measureName: string, entry: MeasureEntry, window: Window): Measure {
  return {
    name: measureName,
    title: entry.title ?? measureName,
    description: entry.description,
    unit: entry.unit,
    combine: entry.combine,
    sumFrom: entry.sum_from ?? null,
    countFrom: entry.count_from ?? null,
    // The newest step of a cumulating window has all that the ones before it had.
    overTime: entry.over_time ?? (window.cumulating ? 'last' : DEFAULT_OVER_TIME[entry.combine]),
    optional: entry.optional,
    thresholds: entry.thresholds,
  };
}

function measureProblems(at: string, measures: readonly Measure[]): string[] {
  const problems: string[] = [];
  if (measures[0]?.name !== 'value')
    problems.push(`${at}: the first measure must be named "value"; it is the default one`);
  if (measures.length > MAX_MEASURES)
    problems.push(`${at}: ${measures.length} measures; at most ${MAX_MEASURES} fit a point`);
  const names = new Set(measures.map((measure) => measure.name));
  for (const measure of measures) {
    for (const [setting, other] of [
      ['sum_from', measure.sumFrom],
      ['count_from', measure.countFrom],
    ] as const) {
      if (other === null) continue;
      if (measure.combine !== 'avg') problems.push(`${at}.${measure.name}.${setting}: only for combine: avg`);
      if (!names.has(other))
        problems.push(`${at}.${measure.name}.${setting}: "${other}" is not a measure of this metric`);
    }
    if ((measure.sumFrom === null) !== (measure.countFrom === null)) {
      problems.push(
        `${at}.${measure.name}: an average combines from sum_from and count_from; give both or neither`,
      );
    }
  }
  return problems;
}

/** Conflicts of window, key and times. */
function windowTimeProblems(at: string, { window, key, time }: MetricEntry): string[] {
  const problems: string[] = [];
  if (window.type === 'session') {
    if (key.windowed === 'time') problems.push(`${at}.key.windowed: a session's key is "session" or "none"`);
    if (key.windowed === 'none' && typeof time.end !== 'object') {
      problems.push(`${at}.time.end: name the field that holds a session's end`);
    }
  } else {
    if (key.windowed === 'session') problems.push(`${at}.key.windowed: "session" needs window.type session`);
    if (time.end === 'key')
      problems.push(`${at}.time.end: only a session's key holds an end; use "size" or a field`);
  }
  if (window.type === 'cumulating') {
    if (typeof time.end !== 'object') {
      problems.push(
        `${at}.time.end: name the field that holds the end of a cumulating window; its start does not say how far it has grown`,
      );
    }
    if (time.start === 'timestamp') {
      problems.push(`${at}.time.start: "timestamp" is not for cumulating windows; leave it out`);
    }
  }
  if (key.windowed === 'none' && time.start === undefined && !startsFromEnd({ window, key, time })) {
    problems.push(
      `${at}.time.start: a plain key holds no window; say "timestamp", or name the field with the window's start, or in time.end that with its end`,
    );
  }
  if (key.windowed === 'none' && time.start === 'key') {
    problems.push(`${at}.time.start: "key" needs key.windowed time or session`);
  }
  if (key.windowed !== 'none' && key.format === 'none') {
    problems.push(`${at}.key.format: a windowed key has an inner key; say its format`);
  }
  for (const [name, from] of Object.entries(time)) {
    if (typeof from === 'object' && from.timezone !== undefined && from.unit !== 'text') {
      problems.push(
        `${at}.time.${name}.timezone: only for unit: text; a number counts from 1970 in UTC, whatever the zone`,
      );
    }
  }
  return problems;
}

/** Whether a topic's records have only the end of their window. */
function startsFromEnd({ window, key, time }: Pick<MetricEntry, 'window' | 'key' | 'time'>): boolean {
  return (
    window.type !== 'session' &&
    key.windowed === 'none' &&
    time.start === undefined &&
    typeof time.end === 'object'
  );
}

function timeField(time: TimeFieldEntry): TimeField & { readonly in: 'key' | 'value' } {
  const { field, unit, timezone: timeZone } = time;
  return { in: time.in, path: field, unit, ...(timeZone !== undefined && { timeZone }) };
}

function dimensionSource(from: MetricEntry['dimensions'][string]['from']): FieldSource {
  if (from === 'key') return { in: 'key', path: [] };
  return 'key' in from ? { in: 'key', path: from.key } : { in: 'value', path: from.value };
}

/** Problems of fields in payloads that do not have them: bare ones have none, delimited ones those that are named. */
function bareProblems(at: string, { key, value, time, measures, dimensions }: MetricEntry): string[] {
  const times = Object.entries(time).flatMap(([name, from]) =>
    typeof from === 'object' ? [{ name, from }] : [],
  );
  const inKey = times
    .filter(({ from }) => from.in === 'key' && !hasFields(key.format) && from.field.length > 0)
    .map(
      ({ name, from }) =>
        `${at}.time.${name}: a ${key.format} key has no field ${from.field.join('.')}; if the key is JSON, say \`key: { format: json }\`; if the field is in the value, \`in: value\``,
    );
  const read = [
    ...Object.entries(measures).map(([name, { field }]) => ({ at: `measures.${name}.field`, field })),
    ...Object.entries(dimensions).flatMap(([name, { from }]) =>
      typeof from === 'object' && 'value' in from
        ? [{ at: `dimensions.${name}.from`, field: from.value }]
        : [],
    ),
    ...times.flatMap(({ name, from }) =>
      from.in === 'value' ? [{ at: `time.${name}`, field: from.field }] : [],
    ),
  ];
  const { columns } = value;
  if (value.format === 'delimited' && columns !== undefined) {
    const known = columns.map((column) => column.toLowerCase());
    return [
      ...inKey,
      ...read
        .filter(
          ({ field: [first, ...rest] }) => rest.length > 0 || !known.includes(first?.toLowerCase() ?? ''),
        )
        .map(
          (one) =>
            `${at}.${one.at}: ${one.field.join('.') || '$'} is not one of the columns ${columns.join(', ')}${known.includes(one.field.join('.').toLowerCase()) ? `; write [${one.field.join('.')}], as its name has a dot` : ''}`,
        ),
    ];
  }
  if (hasFields(value.format)) return inKey;
  const named = read.filter(({ field }) => field.length > 0);
  return [
    ...inKey,
    ...named.map(
      (one) =>
        `${at}.${one.at}: a ${value.format} value has no fields; say \`field: $\` for the value itself`,
    ),
  ];
}

/** An event has no coarser form: it is kept whole, as long as the longest of the steps. */
function keptFor({ kind, retention, history = [] }: MetricEntry): Pick<Metric, 'retentionMs' | 'history'> {
  if (kind === 'event') return { retentionMs: Math.max(retention, ...history.map(({ keep }) => keep)) };
  return {
    retentionMs: retention,
    ...(history.length > 0 && { history: history.map(({ step, keep }) => ({ stepMs: step, keepMs: keep })) }),
  };
}

function toMapping(
  metricName: string,
  entry: MetricEntry,
  file: FileOfMappings,
  problems: string[],
): TopicMapping {
  const at = `metrics.${metricName}`;
  const window = toWindow(entry.window);
  const measures = Object.entries(entry.measures).map(([key, measure]) => toMeasure(key, measure, window));
  problems.push(
    ...measureProblems(`${at}.measures`, measures),
    ...windowProblems(`${at}.window`, entry.window),
    ...windowTimeProblems(at, entry),
  );
  for (const [dimension, { from }] of Object.entries(entry.dimensions)) {
    if (from === 'key' && entry.key.format === 'none')
      problems.push(`${at}.dimensions.${dimension}.from: the topic has no key`);
    if (typeof from === 'object' && 'key' in from && from.key.length > 0 && !hasFields(entry.key.format)) {
      problems.push(
        `${at}.dimensions.${dimension}.from: a ${entry.key.format} key has no fields; say \`from: key\``,
      );
    }
  }
  problems.push(...bareProblems(at, entry));
  if (entry.kind === 'window' && entry.event !== undefined)
    problems.push(`${at}.event: only for kind: event`);
  if (entry.retention < Math.max(window.sizeMs, 60_000)) {
    problems.push(`${at}.retention: must be at least a minute and at least the window's size`);
  }
  const metric: Metric = {
    name: metricName,
    title: entry.title ?? metricName,
    description: entry.description,
    kind: entry.kind,
    topic: entry.topic,
    window,
    dimensions: Object.entries(entry.dimensions).map(([key, dimension]) => ({
      name: key,
      title: dimension.title ?? key,
      description: dimension.description,
    })),
    measures,
    event:
      entry.kind === 'event'
        ? {
            severity: entry.event?.severity ?? 'warning',
            message: entry.event?.message ?? `${entry.title ?? metricName}: {value}`,
          }
        : null,
    ...keptFor(entry),
    idleMs: entry.idle ?? Math.max(60_000, window.sizeMs, window.gapMs),
    finalOnly: entry.final_only,
    maxSeries: entry.max_series,
  };
  const { start, end, event_time: eventTime } = entry.time;
  const mapping: TopicMapping = {
    metric,
    topic: entry.topic,
    key: toPayload(`${at}.key`, entry.key, file, problems),
    value: toPayload(`${at}.value`, entry.value, file, problems),
    start:
      typeof start === 'object'
        ? { from: 'field', ...timeField(start) }
        : { from: start ?? (startsFromEnd(entry) ? 'end' : 'key') },
    end:
      typeof end === 'object'
        ? { from: 'field', ...timeField(end) }
        : { from: end ?? (window.type === 'session' ? 'key' : 'size') },
    eventTime:
      typeof eventTime === 'object'
        ? { from: 'field', ...timeField(eventTime), in: 'value' }
        : { from: eventTime ?? (entry.final_only ? 'end' : 'timestamp') },
    dimensions: Object.values(entry.dimensions).map(({ from }) => dimensionSource(from)),
    measures: Object.values(entry.measures).map(({ field, optional }) => ({ path: field, optional })),
  };
  problems.push(...combinationProblems(at, mapping));
  return mapping;
}

/** The metrics whose settings are sound one by one: what they contradict is said beside the faults of the others. */
function soundEntries(document: unknown): [string, MetricEntry][] {
  const { metrics } = document as { readonly metrics?: unknown };
  if (typeof metrics !== 'object' || metrics === null) return [];
  return Object.entries(metrics).flatMap(([key, entry]): [string, MetricEntry][] => {
    const parsed = metricSchema.safeParse(entry);
    return parsed.success && name.safeParse(key).success ? [[key, parsed.data]] : [];
  });
}

const WORDS: Vocabulary = {
  ...METRICS_FILE_WORDS,
  unknown: (path, unknown) => {
    const advice = METRICS_FILE_WORDS.unknown(path, unknown);
    if (advice !== undefined) return advice;
    const meant = similarSetting(metricsFileSchema, path, unknown);
    return meant === undefined ? undefined : `did you mean \`${meant}\`?`;
  },
};

/**
 * The mappings of a metrics.yaml. Throws a StartRefusedError that lists every problem with its path.
 *
 * @param foreign whether the text is a caller's, which may name schema files beside `file` only
 */
export function parseMetricsFile(text: string, file: string, { foreign = false } = {}): TopicMapping[] {
  const document = readYaml(text, file);
  if (document === null || document === undefined) {
    throw new StartRefusedError(
      `${file} is empty: write \`version: 1\` and, under \`metrics:\`, a metric for each topic`,
    );
  }
  const parsed = metricsFileSchema.safeParse(document);
  const problems = parsed.success ? [] : problemsOf(parsed.error, document, WORDS);
  const entries = parsed.success ? Object.entries(parsed.data.metrics) : soundEntries(document);
  const mappings = entries.map(([key, entry]) => toMapping(key, entry, { path: file, foreign }, problems));
  problems.push(...sharedTopicProblems(mappings), ...documentProblems(document));
  if (parsed.success && mappings.length === 0) problems.push('metrics: name at least one metric');
  if (problems.length > 0) {
    throw new MetricsFileError(file, problems);
  }
  return mappings;
}

/** Reads METRICS_FILE. */
export function readMetricsFile(file: string): TopicMapping[] {
  let text: string;
  try {
    text = fileText(readFileSync(file));
  } catch (error) {
    throw new StartRefusedError(
      `METRICS_FILE: cannot read ${file} (${(error as Error).message}); give the path of a readable metrics.yaml`,
      {
        cause: error,
      },
    );
  }
  return parseMetricsFile(text, file);
}
