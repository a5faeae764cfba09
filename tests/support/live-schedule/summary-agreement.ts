import { isDeepStrictEqual } from 'node:util';
import type { Measure, Metric } from '../../../backend-bridge/src/domain/metric';
import type { components } from '../../../backend-bridge/src/server/api-types';
import { plainSum } from '../history-windows';
import { fieldOf, type HostFrame, type HostValue } from '../plugin-host/host-frame';
import type { PluginContext } from '../plugin-host/plugin-context';
import type { PluginHost } from '../plugin-host/plugin-host';
import { postJson } from './post-json';

/** KPI summaries of a whole bridge: its own, QueryData's, and those reckoned here from the points. */

type Schemas = components['schemas'];
type Labels = Readonly<Record<string, string>>;

export interface SummaryParts {
  readonly bridge: { readonly url: string; readonly metrics: readonly Metric[] };
  readonly host: PluginHost;
  context(): PluginContext;
}

const STATS = ['last', 'previous', 'delta', 'min', 'max', 'avg', 'sum', 'count'] as const;
type Stats = Readonly<Record<(typeof STATS)[number], number | null>>;
interface SeriesStats extends Stats {
  readonly labels: Labels;
  readonly last_time_ms: number;
}

/** `numbers` by window start; null: a window whose value cannot be written. */
interface SeriesPoints {
  readonly labels: Labels;
  readonly numbers: ReadonlyMap<number, number | null>;
}

/**
 * Every statistic of every measure of every metric, over the range: the same in all three places, to the bit. Returns
 * how many series it compared; throws with the first difference.
 */
export async function compareSummaries(parts: SummaryParts, fromMs: number, toMs: number): Promise<number> {
  const asked = parts.bridge.metrics.flatMap((metric) =>
    metric.measures.map((measure) => compareOne(parts, metric, measure, fromMs, toMs)),
  );
  return (await Promise.all(asked)).reduce((sum, count) => sum + count, 0);
}

async function compareOne(
  parts: SummaryParts,
  metric: Metric,
  measure: Measure,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const { url } = parts.bridge;
  const body = { metric: metric.name, measure: measure.name, from_ms: fromMs, to_ms: toMs };
  const { series } = await postJson<Schemas['SummaryAnswer']>(url, '/api/v1/summary', body);
  const own = series.map((one) => statsOf(one));
  const check = (found: unknown, due: unknown, what: string): void => {
    if (isDeepStrictEqual(found, due)) return;
    const texts = `${JSON.stringify(found)}, not ${JSON.stringify(due)}`;
    throw new Error(`${metric.name} ${measure.name}: ${what}: ${texts}`);
  };
  const points = (name: string): Promise<SeriesPoints[]> => closedPoints(url, metric, name, fromMs, toMs);
  const weights =
    measure.sumFrom === null || measure.countFrom === null
      ? null
      : { sums: await points(measure.sumFrom), counts: await points(measure.countFrom) };
  const reckoned = (await points(measure.name)).flatMap((one) => {
    const behind = weights && {
      sums: numbersOf(weights.sums, one.labels),
      counts: numbersOf(weights.counts, one.labels),
    };
    return reckon(metric, measure, one, behind, fromMs);
  });
  check(own, reckoned, 'the summary is not of the points that /query gives');

  const { table, numbers } = await queryDataOf(parts, metric, measure, fromMs, toMs);
  const lastTimes = series.map(({ last_time_ms }) => last_time_ms);
  check(columnOf(table, 'last_time'), lastTimes, 'times in QueryData’s table');
  for (const stat of STATS) {
    const due = series.map((one) => one[stat]);
    check(columnOf(table, stat), due, `${stat} in QueryData’s table`);
    const told = numbers.get(stat)?.flatMap(({ fields }) => fields);
    if (told === undefined) continue;
    check(
      told.map(({ values }) => values),
      due.map((value) => [value]),
      `${stat} of QueryData`,
    );
    check(
      told.map(({ labels }) => labels),
      series.map(({ labels }) => labels),
      `labels of ${stat} of QueryData`,
    );
  }
  return series.length;
}

function statsOf(one: Schemas['SummarySeries']): SeriesStats {
  const { labels, last, last_time_ms, previous, delta, min, max, avg, sum, count } = one;
  return { labels, last, last_time_ms, previous, delta, min, max, avg, sum, count };
}

/** Of the range and one window more, in which `previous` may lie. */
async function closedPoints(
  url: string,
  { name, window }: Metric,
  measure: string,
  fromMs: number,
  toMs: number,
): Promise<SeriesPoints[]> {
  const body = { metric: name, measure, from_ms: fromMs - window.advanceMs, to_ms: toMs };
  const closed = { ...body, include_open: false };
  const { series } = await postJson<Schemas['QueryAnswer']>(url, '/api/v1/query', closed);
  return series.map(({ labels, times, values }) => ({
    labels,
    numbers: new Map(times.map((time, i) => [time, values[i] ?? null])),
  }));
}

const numbersOf = (all: readonly SeriesPoints[], labels: Labels): SeriesPoints['numbers'] =>
  all.find((one) => isDeepStrictEqual(one.labels, labels))?.numbers ?? new Map<number, number>();

/** Nothing for a series without a window in the range. */
function reckon(
  metric: Metric,
  measure: Measure,
  { labels, numbers }: SeriesPoints,
  behind: Behind | null,
  fromMs: number,
): SeriesStats[] {
  const inRange = [...numbers].filter(([time]) => time >= fromMs);
  const newest = inRange.at(-1);
  if (newest === undefined) return [];
  const [lastTime, last] = newest;
  const previous = numbers.get(lastTime - metric.window.advanceMs) ?? null;
  const told = inRange.filter((one): one is [number, number] => one[1] !== null);
  const values = told.map(([, value]) => value);
  const isEmpty = values.length === 0;
  const sum = sumRule(metric);
  return [
    {
      labels,
      last,
      last_time_ms: lastTime,
      previous,
      delta: last === null || previous === null ? null : last - previous,
      min: isEmpty ? null : Math.min(...values),
      max: isEmpty ? null : Math.max(...values),
      avg: isEmpty ? null : averageOf(measure, sum, told, behind),
      sum: isEmpty || !adds(metric, measure) ? null : sum(values),
      count: values.length,
    },
  ];
}

/** The sums and the counts that averages are made of, by window start. */
interface Behind {
  readonly sums: SeriesPoints['numbers'];
  readonly counts: SeriesPoints['numbers'];
}

type SumRule = (values: readonly number[]) => number;

/** Exact in decimal where steps are kept; else in the order of time, as the contract has it. */
const sumRule = ({ history = [] }: Metric): SumRule =>
  history.length > 0 ? plainSum : (values) => values.reduce((total, value) => total + value, 0);

const adds = ({ window }: Metric, { combine }: Measure): boolean =>
  combine === 'sum' && (window.type !== 'hopping' || window.advanceMs >= window.sizeMs);

/** One window alone keeps what the stream wrote. */
function averageOf(
  { combine, overTime }: Measure,
  sum: SumRule,
  told: readonly (readonly [time: number, value: number])[],
  behind: Behind | null,
): number | null {
  if (combine === 'none' && overTime !== 'avg') return null;
  if (combine !== 'avg') return sum(told.map(([, value]) => value)) / told.length;
  if (behind === null) return null;
  if (told.length === 1) return told[0]![1];
  const sumOf = (all: SeriesPoints['numbers']): number => sum(told.map(([time]) => all.get(time) ?? NaN));
  const count = sumOf(behind.counts);
  return count === 0 ? null : sumOf(behind.sums) / count;
}

/** The table, and of the default measure each statistic by itself, as a rule asks for it. */
async function queryDataOf(
  { host, context }: SummaryParts,
  metric: Metric,
  measure: Measure,
  fromMs: number,
  toMs: number,
): Promise<{ readonly table: HostFrame; readonly numbers: ReadonlyMap<string, readonly HostFrame[]> }> {
  const query = { kind: 'summary', metric: metric.name, measure: measure.name };
  const stats = measure === metric.measures[0] ? STATS : [];
  const queries = Object.fromEntries(stats.map((stat) => [stat, { ...query, stat }]));
  const results = await host.queryData(context(), { fromMs, toMs, queries: { ...queries, table: query } });
  const frames = (refId: string): readonly HostFrame[] => {
    const result = results.get(refId);
    if (result === undefined || result.error !== '')
      throw new Error(result?.error ?? `no answer to ${refId}`);
    return result.frames;
  };
  return { table: frames('table')[0]!, numbers: new Map(stats.map((stat) => [stat, frames(stat)])) };
}

/** Empty where there is no series at all. */
const columnOf = (table: HostFrame, name: string): readonly HostValue[] =>
  table.fields.length === 0 ? [] : fieldOf(table, name).values;
