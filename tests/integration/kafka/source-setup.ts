/** A Kafka source over a real store, with what a test wants to see of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import type { TopicMapping } from '../../../backend-bridge/src/domain/mapping';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { Source } from '../../../backend-bridge/src/domain/source';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Log, Telemetry } from '../../../backend-bridge/src/domain/telemetry';
import { createKafkaSource, type KafkaSourceOptions } from '../../../backend-bridge/src/kafka/kafka-source';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';
import type { KafkaBroker } from '../../support/kafka';
import { startRedis, type RedisServer } from '../../support/redis';
import { silentTelemetry } from '../../support/silent';

export interface Seen {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[];
  readonly counts: Map<string, number>;
  readonly log: Log;
  readonly telemetry: Telemetry;
  count(name: string): number;
}

/** Log lines and counters, kept. */
export function watching(): Seen {
  const lines: Seen['lines'] = [];
  const counts = new Map<string, number>();
  const add = (name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by);
  const keep =
    (level: string) =>
    (fields: object, message: string): void => {
      if (level === 'debug' && process.env['TEST_LOG'] === undefined) return;
      if (process.env['TEST_LOG'] !== undefined) console.log(level, message, fields);
      lines.push({ level, message, fields });
    };
  return {
    lines,
    counts,
    count: (name) => counts.get(name) ?? 0,
    log: { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') },
    telemetry: {
      ...silentTelemetry,
      recordsRead: (topic, count) => add(`read ${topic}`, count),
      pointsWritten: (metric, outcome, count) => add(`${outcome} ${metric}`, count),
      deadLetters: (topic, reason, count) => add(`dead ${topic} ${reason}`, count),
      partitionLag: (topic, partition, lag) => void counts.set(`lag ${topic}/${partition}`, lag),
      hopFailed: (hop) => add(`failed ${hop}`, 1),
    },
  };
}

export type StoreKind = 'lmdb' | 'redis';

export interface OpenStore {
  readonly store: SeriesStore;
  readonly redis: RedisServer | null;
  close(): Promise<void>;
}

/** A real store, empty; `redis`: a server of its own. */
export async function openStore(
  kind: StoreKind,
  mappings: readonly TopicMapping[],
  seen: Seen,
): Promise<OpenStore> {
  const metrics = mappings.map(({ metric }) => metric);
  const tools = { log: seen.log, telemetry: seen.telemetry, clock: Date.now };
  if (kind === 'lmdb') {
    const path = mkdtempSync(join(tmpdir(), 'streamkpi-kafka-lmdb-'));
    const store = createLmdbStore({ path }, metrics, tools);
    await store.start();
    return {
      store,
      redis: null,
      close: async () => {
        await store.close();
        rmSync(path, { recursive: true, force: true });
      },
    };
  }
  const redis = await startRedis();
  const store = createRedisStore(
    { url: redis.url, keyPrefix: 'test', commandTimeoutMs: 2_000 },
    metrics,
    tools,
  );
  await store.start();
  return {
    store,
    redis,
    close: async () => {
      await store.close();
      await redis.stop();
    },
  };
}

/** One window metric over a topic of text keys, with one dimension `name` and one measure; YAML lines over it. */
export function mappingOf(
  topic: string,
  metric = topic.replaceAll(/[^a-z0-9_]/g, '_'),
  extra = '',
): TopicMapping {
  const yaml = `
version: 1
metrics:
  ${metric}:
    topic: ${topic}
    window: { type: tumbling, size: 1m, grace: 30s }
    dimensions: { name: { from: key } }
    measures: { value: { field: N, combine: sum } }
${extra}`;
  return parseMetricsFile(yaml, 'test.yaml')[0]!;
}

let number = 0;
/** A name that no other test uses. */
export const unique = (what: string): string => {
  number += 1;
  return `${what}-${process.pid}-${number}`;
};

export function startSource(
  kafka: KafkaBroker,
  mappings: readonly TopicMapping[],
  store: SeriesStore,
  seen: Seen,
  options: Partial<KafkaSourceOptions> = {},
): Source {
  const source = createKafkaSource(
    {
      brokers: [kafka.bootstrap],
      groupId: unique('group'),
      clientId: 'test',
      deadLetterTopic: 'dead-letters',
      pollMs: 200,
      ...options,
    },
    mappings,
    store,
    { log: seen.log, telemetry: seen.telemetry, clock: Date.now },
  );
  void source.start();
  return source;
}

/** A windowed key: inner bytes and the start, as Kafka Streams writes it. */
export function windowedKey(inner: string, startMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(startMs));
  return Buffer.concat([Buffer.from(inner), bytes]);
}

/** Every point of a metric: `label@start` to its measures, revision and mark of removal. */
export async function allPoints(
  store: SeriesStore,
  metric: Metric,
): Promise<Map<string, { measures: (number | undefined)[]; revision: number; removed: boolean }>> {
  const series = await store.read(metric, {
    fromMs: 0,
    toMs: Date.now() + 86_400_000,
    seriesIds: null,
    nowMs: Date.now(),
    maxPoints: 1_000_000,
  });
  const found = new Map<string, { measures: (number | undefined)[]; revision: number; removed: boolean }>();
  for (const { values, points } of series) {
    for (let row = 0; row < points.length; row += 1) {
      const { startMs, measures, revision, removed } = points.point(row);
      found.set(`${values.join('|')}@${startMs}`, {
        measures: removed ? [] : [...measures],
        revision,
        removed,
      });
    }
  }
  return found;
}
