import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { sealTargetMs } from '../../../backend-bridge/src/domain/history/tiers';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { Query } from '../../../backend-bridge/src/domain/selection';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';
import { historyMetric, MINUTE, T0 } from '../../support/history-windows';
import { silentLog, silentTelemetry } from '../../support/silent';
import { freshStore, type StoreKind } from '../rig/bridge';
import {
  percentile,
  processorMs,
  round,
  say,
  type Endings,
  type Measurement,
  type Scenario,
} from '../scenario';

const DAY = 1_440 * MINUTE;
const SLICE = 500;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

/** Counts with a daily pattern, as many of them are: the noise grows with the root of the level. */
function counts(): (series: number, minute: number) => number {
  let random = 1;
  const noise = (): number => (random = (random * 16_807) % 2_147_483_647) / 2_147_483_647;
  return (series, minute) => {
    const level = 20 + (series % 10) * 20 * (1 + Math.sin((2 * Math.PI * minute) / 1_440));
    return Math.max(0, Math.round(level + Math.sqrt(level) * (noise() + noise() + noise() - 1.5) * 2));
  };
}

interface Size {
  readonly series: number;
  readonly days: number;
}

/** Fills the store by a clock that runs with the stream; returns when all that can be is sealed. */
async function fill(
  store: SeriesStore,
  metric: Metric,
  { series, days }: Size,
  setClock: (ms: number) => void,
): Promise<void> {
  const { sizeMs } = metric.window;
  const windows = (days * DAY) / sizeMs;
  const valueOf = counts();
  const began = performance.now();
  await store.identifyTopic(metric, { topic: metric.topic, topicId: 'bench', ends: [0] });
  let offset = 0;
  const running = new Set<Promise<unknown>>();
  for (let from = 0; from < windows * series; from += SLICE) {
    const length = Math.min(SLICE, windows * series - from);
    const newest = Math.floor((from + length - 1) / series);
    const nowMs = T0 + (newest + 1) * sizeMs;
    setClock(nowMs);
    const written = store.write({
      metric,
      topicId: 'bench',
      partition: 0,
      partitions: 1,
      fromOffset: offset,
      toOffset: offset + length - 1,
      points: Array.from({ length }, (_, i) => {
        const [window, one] = [Math.floor((from + i) / series), (from + i) % series];
        const startMs = T0 + window * sizeMs;
        return {
          values: [`s${one}`],
          startMs,
          endMs: startMs + sizeMs,
          measures: [valueOf(one, (window * sizeMs) / MINUTE)],
          removed: false,
          keyHash: one + 1,
          offset: offset + i,
          incarnation: 1,
        };
      }),
      maxEventMs: T0 + newest * sizeMs,
      nowMs,
    });
    const settled = written.finally(() => running.delete(settled));
    running.add(settled);
    offset += length;
    if (running.size >= 16) await Promise.race(running);
  }
  await Promise.all(running);
  const nowMs = T0 + days * DAY;
  const target = sealTargetMs(metric, await store.progress(metric), nowMs) ?? 0;
  while ((await store.history!.state(metric)).sealedBeforeMs < target) await sleep(200);
  const seconds = round((performance.now() - began) / 1_000);
  say(`tiers: ${windows * series} windows of ${sizeMs / MINUTE} minutes written and sealed in ${seconds} s`);
}

interface Timed {
  /** In order. */
  readonly times: readonly number[];
  /** For one query. */
  readonly processor: number;
}

/** Queries before the measured ones: a bridge that has answered before has its code compiled. */
const WARM_UP = 0.5;

async function timed(engine: QueryEngine, queries: readonly Query[]): Promise<Timed> {
  for (const query of queries.slice(0, queries.length * WARM_UP)) await engine.query(query, []);
  const times: number[] = [];
  const before = processorMs();
  for (const query of queries) {
    const began = performance.now();
    const { series } = await engine.query(query, []);
    times.push(performance.now() - began);
    if (series.length === 0) throw new Error('an answer without series');
  }
  return { times: times.sort((a, b) => a - b), processor: (processorMs() - before) / queries.length };
}

const HOURS = { stepMs: 60 * MINUTE, keepMs: 400 * DAY };

const MINUTES_METRIC = historyMetric({
  name: 'tiers',
  topic: 'tiers',
  measures: historyMetric().measures.slice(0, 1),
  history: [{ stepMs: 5 * MINUTE, keepMs: 40 * DAY }, HOURS],
});

/** Windows as long as the steps of the goal, so that a thousand series are written in reasonable time. */
const FIVE_MINUTES_METRIC = {
  ...MINUTES_METRIC,
  window: { ...MINUTES_METRIC.window, sizeMs: 5 * MINUTE, advanceMs: 5 * MINUTE },
  history: [HOURS],
};

interface Filled {
  readonly store: SeriesStore;
  readonly engine: QueryEngine;
  /** The last thirty days. */
  readonly month: Pick<Query, 'metric' | 'fromMs' | 'toMs'>;
}

async function filled(kind: StoreKind, metric: Metric, size: Size, endings: Endings): Promise<Filled> {
  let nowMs = T0;
  const clock: Clock = () => nowMs;
  const dependencies = { log: silentLog, telemetry: silentTelemetry, clock };
  const { folder, redis } = await freshStore(kind, endings);
  const url = `redis://127.0.0.1:${redis?.port ?? 0}`;
  const store =
    redis === null
      ? createLmdbStore({ path: join(folder, 'store') }, [metric], dependencies)
      : createRedisStore({ url, keyPrefix: 'bench:', commandTimeoutMs: 60_000 }, [metric], dependencies);
  await store.start();
  endings.add(() => store.close());
  await fill(store, metric, size, (ms) => (nowMs = ms));
  return {
    store,
    engine: new QueryEngine([metric], store, LIMITS, clock),
    month: { metric: metric.name, fromMs: nowMs - 30 * DAY, toMs: nowMs },
  };
}

async function bytesAndRange(
  kind: StoreKind,
  size: Size,
  queries: number,
  endings: Endings,
): Promise<readonly Measurement[]> {
  const { store, engine, month } = await filled(kind, MINUTES_METRIC, size, endings);
  const results: Measurement[] = [];
  for (const { stepMs, steps, bytes } of (await store.history!.state(MINUTES_METRIC)).tiers) {
    const perStep = bytes / steps;
    results.push({
      what: `${kind}: bytes a step of ${stepMs / MINUTE} minutes: count, revision, sum, least, largest and last value`,
      n: steps,
      bytes_per_step: round(perStep),
      target: 'at most 4 bytes',
      met: perStep <= 4,
    });
  }
  const { times, processor } = await timed(
    engine,
    Array.from({ length: queries }, (_, i): Query => ({
      ...month,
      stepMs: 5 * MINUTE,
      filters: [{ dimension: 'site', op: '=', values: [`s${i % size.series}`] }],
    })),
  );
  results.push({
    what: `${kind}: a range of 30 days of one series in steps of 5 minutes, in a process that has answered ${queries * WARM_UP} before`,
    n: times.length,
    p50_ms: round(percentile(times, 0.5)),
    p99_ms: round(percentile(times, 0.99)),
    processor_ms: round(processor),
    target: 'p99 at most 10 ms',
    met: percentile(times, 0.99) <= 10,
  });
  return results;
}

async function sum(kind: StoreKind, size: Size, endings: Endings): Promise<Measurement> {
  const { engine, month } = await filled(kind, FIVE_MINUTES_METRIC, size, endings);
  const query: Query = { ...month, stepMs: HOURS.stepMs, groupBy: [] };
  const { times, processor } = await timed(
    engine,
    Array.from({ length: 20 }, () => query),
  );
  const target = (300 * size.series) / 1_000;
  return {
    what: `${kind}: the sum of all ${size.series} series over 30 days by the hour, of windows of 5 minutes, in a process that has answered before`,
    n: times.length,
    p50_ms: round(percentile(times, 0.5)),
    p99_ms: round(percentile(times, 0.99)),
    processor_ms: round(processor),
    target: `at most ${target} ms (300 with 1,000 series)`,
    met: percentile(times, 0.5) <= target,
  };
}

/** What the steps of a long history take, and how long a month of them takes to read. */
export const tiers: Scenario = {
  name: 'tiers',
  title: 'bytes a step of a long history in LMDB and Redis, and ms for 30 days of one series and of all',
  options: { series: 100, days: 35, queries: 300, summed: 1_000 },
  async run(options, endings) {
    const days = options.get('days');
    const size = { series: options.get('series'), days };
    const results: Measurement[] = [];
    for (const kind of ['lmdb', 'redis'] as const) {
      results.push(...(await bytesAndRange(kind, size, options.get('queries'), endings)));
      results.push(await sum(kind, { series: options.get('summed'), days }, endings));
    }
    return results;
  },
};
