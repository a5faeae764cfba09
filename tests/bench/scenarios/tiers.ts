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

/** Fills the store by a clock that runs with the stream; returns when all that can be is sealed. */
async function fill(
  store: SeriesStore,
  metric: Metric,
  series: number,
  minutes: number,
  setClock: (ms: number) => void,
): Promise<number> {
  const valueOf = counts();
  const began = performance.now();
  await store.identifyTopic(metric, { topic: metric.topic, topicId: 'bench', ends: [0] });
  let offset = 0;
  const running = new Set<Promise<unknown>>();
  for (let from = 0; from < minutes * series; from += SLICE) {
    const length = Math.min(SLICE, minutes * series - from);
    const newest = Math.floor((from + length - 1) / series);
    setClock(T0 + (newest + 1) * MINUTE);
    const written = store.write({
      metric,
      topicId: 'bench',
      partition: 0,
      partitions: 1,
      fromOffset: offset,
      toOffset: offset + length - 1,
      points: Array.from({ length }, (_, i) => {
        const [minute, one] = [Math.floor((from + i) / series), (from + i) % series];
        const startMs = T0 + minute * MINUTE;
        return {
          values: [`s${one}`],
          startMs,
          endMs: startMs + MINUTE,
          measures: [valueOf(one, minute)],
          removed: false,
          keyHash: one + 1,
          offset: offset + i,
          incarnation: 1,
        };
      }),
      maxEventMs: T0 + newest * MINUTE,
      nowMs: T0 + (newest + 1) * MINUTE,
    });
    const settled = written.finally(() => running.delete(settled));
    running.add(settled);
    offset += length;
    if (running.size >= 16) await Promise.race(running);
  }
  await Promise.all(running);
  const nowMs = T0 + minutes * MINUTE;
  const target = sealTargetMs(metric, await store.progress(metric), nowMs) ?? 0;
  while ((await store.history!.state(metric)).sealedBeforeMs < target) await sleep(200);
  return performance.now() - began;
}

interface Timed {
  /** In order. */
  readonly times: readonly number[];
  /** For one query. */
  readonly processor: number;
}

async function timed(engine: QueryEngine, queries: readonly Query[]): Promise<Timed> {
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

const METRIC = historyMetric({
  name: 'tiers',
  topic: 'tiers',
  measures: historyMetric().measures.slice(0, 1),
  history: [
    { stepMs: 5 * MINUTE, keepMs: 40 * DAY },
    { stepMs: 60 * MINUTE, keepMs: 400 * DAY },
  ],
});

async function startStore(kind: StoreKind, clock: Clock, endings: Endings): Promise<SeriesStore> {
  const dependencies = { log: silentLog, telemetry: silentTelemetry, clock };
  const { folder, redis } = await freshStore(kind, endings);
  const url = `redis://127.0.0.1:${redis?.port ?? 0}`;
  const store =
    redis === null
      ? createLmdbStore({ path: join(folder, 'store') }, [METRIC], dependencies)
      : createRedisStore({ url, keyPrefix: 'bench:', commandTimeoutMs: 60_000 }, [METRIC], dependencies);
  await store.start();
  endings.add(() => store.close());
  return store;
}

async function measured(
  kind: StoreKind,
  size: { readonly series: number; readonly minutes: number; readonly queries: number },
  endings: Endings,
): Promise<readonly Measurement[]> {
  const { series, minutes, queries } = size;
  let nowMs = T0;
  const store = await startStore(kind, () => nowMs, endings);
  const ms = await fill(store, METRIC, series, minutes, (clock) => (nowMs = clock));
  say(`tiers ${kind}: ${minutes * series} windows written and sealed in ${round(ms / 1_000)} s`);
  const results: Measurement[] = [];
  for (const { stepMs, steps, bytes } of (await store.history!.state(METRIC)).tiers) {
    const perStep = bytes / steps;
    results.push({
      what: `${kind}: bytes a step of ${stepMs / MINUTE} minutes: count, revision, sum, least, largest and last value`,
      n: steps,
      bytes_per_step: round(perStep),
      target: 'at most 4 bytes',
      met: perStep <= 4,
    });
  }
  const engine = new QueryEngine([METRIC], store, LIMITS, () => nowMs);
  const month = { metric: METRIC.name, fromMs: nowMs - 30 * DAY, toMs: nowMs };
  const one = Array.from({ length: queries }, (_, i): Query => ({
    ...month,
    stepMs: 5 * MINUTE,
    filters: [{ dimension: 'site', op: '=', values: [`s${i % series}`] }],
  }));
  const single = await timed(engine, one);
  results.push({
    what: `${kind}: a range of 30 days of one series in steps of 5 minutes, in the process`,
    n: single.times.length,
    p50_ms: round(percentile(single.times, 0.5)),
    p99_ms: round(percentile(single.times, 0.99)),
    processor_ms: round(single.processor),
    target: 'p99 at most 10 ms',
    met: percentile(single.times, 0.99) <= 10,
  });
  const all = await timed(
    engine,
    Array.from({ length: 20 }, (): Query => ({ ...month, stepMs: 60 * MINUTE, groupBy: [] })),
  );
  results.push({
    what: `${kind}: the sum of all ${series} series over 30 days by the hour, in the process`,
    n: all.times.length,
    p50_ms: round(percentile(all.times, 0.5)),
    p99_ms: round(percentile(all.times, 0.99)),
    processor_ms: round(all.processor),
    target: 'at most 300 ms with 1,000 series',
    met: percentile(all.times, 0.5) <= (300 * series) / 1_000,
  });
  return results;
}

/** What the steps of a long history take, and how long a month of them takes to read. */
export const tiers: Scenario = {
  name: 'tiers',
  title: 'bytes a step of a long history in LMDB and Redis, and ms for a range of 30 days',
  options: { series: 100, days: 35, queries: 300 },
  async run(options, endings) {
    const size = {
      series: options.get('series'),
      minutes: options.get('days') * 1_440,
      queries: options.get('queries'),
    };
    return [...(await measured('lmdb', size, endings)), ...(await measured('redis', size, endings))];
  },
};
