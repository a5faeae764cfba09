/** What the Redis store's tests share: metrics, batches, a store that notes what it tells. */
import { createRedisStore, type RedisStoreOptions } from '../../../backend-bridge/src/redis/redis-store';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { PointWrite } from '../../../backend-bridge/src/domain/point';
import type {
  PointChange,
  SeriesStore,
  WriteBatch,
  WriteOutcome,
} from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { measureOf, metricOf } from '../../support/sample-metrics';
import { silentLog, silentTelemetry } from '../../support/silent';

export const MINUTE = 60_000;
export const TOPIC_ID = 'topic-1';

export const testMetric = (name: string, change: Partial<Metric> = {}): Metric =>
  metricOf({
    name,
    title: name,
    topic: `${name}_topic`,
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 },
    dimensions: [{ name: 'segment', title: 'Segment', description: '' }],
    measures: [measureOf('value')],
    maxSeries: 1_000,
    ...change,
  });

export { silentLog, silentTelemetry };

export function redisStore(
  url: string,
  metrics: readonly Metric[],
  over: Partial<RedisStoreOptions> = {},
  clock: Clock = Date.now,
): SeriesStore {
  return createRedisStore({ url, keyPrefix: 'test', commandTimeoutMs: 1500, ...over }, metrics, {
    log: silentLog,
    telemetry: silentTelemetry,
    clock,
  });
}

/** For tests that compare much at once, and so leave answers of Redis unread for seconds on a busy machine. */
export const PATIENT = { commandTimeoutMs: 30_000 };

export interface Heard {
  readonly changes: PointChange[];
  readonly gaps: string[];
  readonly epochs: string[];
}

export function listen(store: SeriesStore): Heard {
  const heard: Heard = { changes: [], gaps: [], epochs: [] };
  store.subscribe({
    onChanges: (_metric, changes) => void heard.changes.push(...changes),
    onGap: (_metric, reason) => void heard.gaps.push(reason),
    onEpoch: (epoch) => void heard.epochs.push(epoch),
  });
  return heard;
}

/** The start of the minute that began `minutes` ago, at the time the tests began. */
const origin = Math.floor(Date.now() / MINUTE) * MINUTE;
export function minutesAgo(minutes: number): number {
  return origin - minutes * MINUTE;
}

export function point(segment: string, startMs: number, value: number, offset: number): PointWrite {
  return {
    values: [segment],
    startMs,
    endMs: startMs + MINUTE,
    measures: [value],
    removed: false,
    keyHash: 7,
    offset,
    incarnation: 1,
  };
}

export function batch(
  metric: Metric,
  points: readonly PointWrite[],
  over: Partial<WriteBatch> = {},
): WriteBatch {
  return {
    metric,
    topicId: TOPIC_ID,
    partition: 0,
    partitions: 1,
    fromOffset: points[0]?.offset ?? 0,
    toOffset: points.at(-1)?.offset ?? 0,
    points,
    maxEventMs: points.length === 0 ? null : Math.max(...points.map((one) => one.startMs)),
    nowMs: Date.now(),
    ...over,
  };
}

export async function identify(store: SeriesStore, metric: Metric, topicId = TOPIC_ID): Promise<void> {
  const topic = await store.identifyTopic(metric, { topic: metric.topic, topicId, ends: [0] });
  if (topic === 'stale') throw new Error('the topic is stale');
}

export async function writeApplied(store: SeriesStore, batchToWrite: WriteBatch): Promise<void> {
  const outcome: WriteOutcome = await store.write(batchToWrite);
  if (outcome.kind !== 'applied') throw new Error(`the write was answered with ${outcome.kind}`);
}

/** `segment start value revision` of every point, in order. */
export async function pointTexts(store: SeriesStore, metric: Metric): Promise<string[]> {
  const series = await store.read(metric, {
    fromMs: 0,
    toMs: Date.now() + 60 * MINUTE,
    seriesIds: null,
    nowMs: Date.now(),
    maxPoints: 100_000,
  });
  return series.flatMap(({ values, points }) =>
    Array.from({ length: points.length }, (_, row) => {
      const one = points.point(row);
      return `${values.join()} ${one.startMs} ${one.measures.join()} r${one.revision}`;
    }),
  );
}

/** The rule in docs/decisions/0003-redis-layout.md, for the prefix `test`. */
export const LEAST_RIGHTS = [
  '~test:* &test:* resetchannels &test:* -@all',
  '+fcall +function|load +info +ping +subscribe +get +hgetall +hmget +hset +hsetnx +incr +mget +pexpire +zrangebyscore',
  '+append +del +exists +getrange +hdel +hget +hincrby +hlen +hvals +pexpireat +pexpiretime +publish +setrange +time',
  '+unlink +zadd +zcard +zmscore +zrange +zrem',
].join(' ');
