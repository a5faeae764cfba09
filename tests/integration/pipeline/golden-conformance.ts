import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import { enrich, pendingEvent } from '../../../backend-bridge/src/pipeline/enrichment';
import { bindOutputs } from '../../../backend-bridge/src/pipeline/metric-outputs';
import { readEvent, readProfile, type Profile } from '../../../backend-bridge/src/pipeline/raw-event';
import { DEFAULT_RULES, type PipelineRules } from '../../../backend-bridge/src/pipeline/rules';
import { Topology } from '../../../backend-bridge/src/pipeline/topology';

/** Holds the pipeline's core to what a real ksqlDB wrote for the same input, object by object. */

const root = path.resolve(__dirname, '../../..');
const fixtures = path.join(root, 'tests/fixtures/ksqldb');

export interface InputRecord {
  readonly step: number;
  readonly topic: 'raw-events' | 'user-profiles';
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: string | null;
  readonly note?: string;
}

interface SinkRecord {
  readonly key: string | { readonly text: string; readonly window_start: number };
  readonly timestamp: number;
  readonly value: Readonly<Record<string, unknown>>;
}

function lines<T>(file: string): T[] {
  return readFileSync(path.join(fixtures, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

export const inputRecords = (): InputRecord[] => lines('input.jsonl');
export const sinkRecords = (sink: string): SinkRecord[] => lines(`p1-nocache/${sink}.jsonl`);

export const metricsOfTheFile = (base = root): ReturnType<typeof parseMetricsFile>[number]['metric'][] =>
  parseMetricsFile(readFileSync(path.join(base, 'backend-bridge/metrics.yaml'), 'utf8'), 'metrics.yaml').map(
    ({ metric }) => metric,
  );

/** What became of one raw event at the door: JSON is read first, as an HTTP server would. */
function readInput(record: InputRecord): ReturnType<typeof readEvent> {
  if (record.value === null) return 'null record';
  let value: unknown;
  try {
    value = JSON.parse(record.value);
  } catch {
    return 'malformed JSON';
  }
  return readEvent(value, Number.MAX_SAFE_INTEGER);
}

/** A window's value as its sink shows it, with the record's timestamp. */
interface Row {
  readonly key: string;
  readonly startMs: number;
  readonly timestamp: number;
  readonly numbers: readonly (number | undefined)[];
}

const SINKS = [
  { sink: 'events_per_minute_by_segment', metric: 'events_per_minute', fields: ['EVENT_COUNT'] },
  {
    sink: 'revenue_per_minute',
    metric: 'revenue_per_minute',
    fields: ['TOTAL_REVENUE', 'TRANSACTION_COUNT', 'AVG_TRANSACTION_VALUE'],
  },
  { sink: 'high_activity_users', metric: 'high_activity_alert', fields: ['EVENT_COUNT'] },
] as const;

export type Conformance = Readonly<Record<string, readonly string[]>>;

function compare(expected: readonly unknown[], got: readonly unknown[]): string[] {
  const differences: string[] = [];
  for (let i = 0; i < Math.max(expected.length, got.length); i += 1) {
    const wanted = JSON.stringify(expected[i]);
    const given = JSON.stringify(got[i]);
    if (wanted !== given) differences.push(`row ${i}: ksqlDB ${wanted}, pipeline ${given}`);
  }
  return differences;
}

function lastValues(rows: readonly Row[]): Row[] {
  const last = new Map<string, Row>();
  for (const row of rows) last.set(`${row.startMs} ${row.key}`, row);
  return [...last.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

export interface CoreRun {
  readonly enriched: readonly unknown[];
  readonly revenueEvents: readonly {
    readonly key: string;
    readonly amount: number | null;
    readonly timestamp: number;
    readonly segment: string | null;
  }[];
  /** Every revision of every window, by metric. */
  readonly revisions: Readonly<Record<string, readonly Row[]>>;
  readonly rejected: ReadonlyMap<string, string>;
  readonly topology: Topology;
}

/** The recorded input, event by event, through the pure core. */
export function runCore(rules: PipelineRules): CoreRun {
  const topology = new Topology(rules);
  const outputs = bindOutputs(metricsOfTheFile(), DEFAULT_RULES).map((output) => ({
    ...output,
    shows: (accumulator: { count: number }) =>
      output.aggregation !== 'highActivity' || accumulator.count > rules.highActivityAbove,
  }));
  const profiles = new Map<string, Profile>();
  const enriched: unknown[] = [];
  const revenueEvents: CoreRun['revenueEvents'][number][] = [];
  const revisions: Record<string, Row[]> = Object.fromEntries(outputs.map(({ metric }) => [metric.name, []]));
  const rejected = new Map<string, string>();
  for (const record of inputRecords()) {
    if (record.topic === 'user-profiles') {
      const profile = readProfile(record.value === null ? null : JSON.parse(record.value));
      if (typeof profile === 'string') throw new Error(profile);
      if (profile === null) profiles.delete(record.key!);
      else profiles.set(record.key!, profile);
      continue;
    }
    const event = readInput(record);
    if (typeof event === 'string') {
      rejected.set(record.note ?? record.value ?? '', event);
      continue;
    }
    const profile = profiles.get(event.userId);
    const row = enrich(pendingEvent(event, rules), profile, rules);
    if (row === null) continue;
    const { userId, segment, timestampMs, amount } = row;
    enriched.push([
      userId,
      timestampMs,
      event.eventType,
      propertiesAsText(event.properties),
      segment,
      profile?.totalValue ?? null,
    ]);
    if (amount !== undefined) revenueEvents.push({ key: userId, amount, timestamp: timestampMs, segment });
    topology.apply(row);
    for (const output of outputs) {
      for (const { key, startMs, accumulator } of topology.aggregations[output.aggregation].takeChanged()) {
        if (!output.shows(accumulator)) continue;
        const numbers = output.measures(accumulator);
        revisions[output.metric.name]!.push({ key, startMs, timestamp: accumulator.newestMs, numbers });
      }
    }
  }
  return { enriched, revenueEvents, revisions, rejected, topology };
}

/** As a MAP<VARCHAR, VARCHAR> holds them. */
function propertiesAsText(properties: Readonly<Record<string, unknown>> | null): unknown {
  if (properties === null) return null;
  const texts = Object.entries(properties).map(([name, value]) => {
    const text = typeof value === 'string' || value === null ? value : JSON.stringify(value);
    return [name, text] as const;
  });
  return sorted(Object.fromEntries(texts));
}

function sorted(properties: unknown): unknown {
  if (typeof properties !== 'object' || properties === null) return properties;
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sinkRows(sink: string, fields: readonly string[]): Row[] {
  return sinkRecords(sink).map(({ key, timestamp, value }) => {
    if (typeof key === 'string') throw new Error(`${sink} has plain keys`);
    const numbers = fields.map((name) => value[name] as number);
    return { key: key.text, startMs: key.window_start, timestamp, numbers };
  });
}

/** For each object what differs; all empty when the pipeline conforms. */
export function conformance(rules: PipelineRules): Conformance {
  const run = runCore(rules);
  const found: Record<string, string[]> = {};
  found['enriched_events'] = compare(
    sinkRecords('enriched_events').map(({ key, timestamp, value }) => [
      key,
      timestamp,
      value['EVENT_TYPE'],
      sorted(value['PROPERTIES']),
      value['SEGMENT'],
      value['TOTAL_VALUE'],
    ]),
    run.enriched,
  );
  found['revenue_events'] = compare(
    sinkRecords('revenue_events').map(({ key, timestamp, value }) => ({
      key,
      amount: value['AMOUNT'],
      timestamp,
      segment: value['SEGMENT'],
    })),
    run.revenueEvents,
  );
  for (const { sink, metric, fields } of SINKS) {
    const recorded = sinkRows(sink, fields);
    // amount_count is ours; ksqlDB did not record it.
    const ours = run.revisions[metric]!.map((row) => ({
      ...row,
      numbers: row.numbers.slice(0, fields.length),
    }));
    found[`${sink} (every revision)`] = compare(recorded, ours);
    found[sink] = compare(lastValues(recorded), lastValues(ours));
    const aggregation = bindOutputs(metricsOfTheFile(), DEFAULT_RULES).find(
      (output) => output.metric.name === metric,
    )!.aggregation;
    const { rule, streamTimeMs } = run.topology.aggregations[aggregation];
    const closed = ours.filter(({ startMs }) => startMs + rule.sizeMs + rule.graceMs <= streamTimeMs!);
    found[`${sink}_final`] = compare(lastValues(sinkRows(`${sink}_final`, fields)), lastValues(closed));
  }
  found['revenue_per_minute.amount_count'] = compare(
    amountCounts(),
    lastValues(run.revisions['revenue_per_minute']!).map(({ key, startMs, numbers }) => [
      key,
      startMs,
      numbers[3],
    ]),
  );
  found['active_users_per_minute'] = compare(
    activeUsers(),
    lastValues(run.revisions['active_users_per_minute']!).map(({ startMs, numbers }) => [
      startMs,
      numbers[0],
    ]),
  );
  return found;
}

/** A plain recount from ksqlDB's own rows, by the rules as they stand in the SQL. */
function recount<T>(
  rows: readonly SinkRecord[],
  add: (window: T | undefined, row: SinkRecord, startMs: number) => T,
  group: (row: SinkRecord) => string,
): Map<string, { key: string; startMs: number; value: T }> {
  let streamTime = 0;
  const windows = new Map<string, { key: string; startMs: number; value: T }>();
  for (const row of rows) {
    streamTime = Math.max(streamTime, row.timestamp);
    const startMs = Math.floor(row.timestamp / 60_000) * 60_000;
    if (startMs + 90_000 <= streamTime) continue;
    const key = group(row);
    const id = `${startMs} ${key}`;
    windows.set(id, { key, startMs, value: add(windows.get(id)?.value, row, startMs) });
  }
  return new Map([...windows].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function amountCounts(): unknown[] {
  const counts = recount<number>(
    sinkRecords('revenue_events'),
    (before, { value }) => (before ?? 0) + (value['AMOUNT'] === null ? 0 : 1),
    ({ value }) => String(value['SEGMENT']),
  );
  return [...counts.values()].map(({ key, startMs, value }) => [key, startMs, value]);
}

function activeUsers(): unknown[] {
  const users = recount<Set<unknown>>(
    sinkRecords('enriched_events'),
    (before, { key }) => new Set([...(before ?? []), key]),
    () => '',
  );
  return [...users.values()].map(({ startMs, value }) => [startMs, value.size]);
}
