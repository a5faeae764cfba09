import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import type { TopicMapping } from '../../../backend-bridge/src/domain/mapping';
import type { Source } from '../../../backend-bridge/src/domain/source';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { createKafkaSource } from '../../../backend-bridge/src/kafka/kafka-source';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { createLog } from '../../../backend-bridge/src/observability/log';
import { createTelemetry } from '../../../backend-bridge/src/observability/telemetry';
import { createTraffic, trafficProfiles } from '../../../backend-bridge/src/pipeline/demo-traffic';
import {
  createEmbeddedPipeline,
  type EmbeddedPipeline,
} from '../../../backend-bridge/src/pipeline/embedded-pipeline';
import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import { startTopology, type RunningTopology } from '../../support/streams-topology';
import { eventually } from '../../support/waiting';

/**
 * The same demo traffic twice: through a real Kafka, the Kafka Streams topology and the bridge's Kafka source, and
 * through the embedded pipeline. Both stores must end with the same points. One partition, so that nothing is late
 * only because it was read fast.
 */

const MINUTE_MS = 60_000;
const GRACE_MS = 30_000;
const mappings = readMetricsFile(join(__dirname, '../../../backend-bridge/metrics.yaml'));
const metrics = mappings.map(({ metric }) => metric);
const sinks = [
  'enriched_events',
  'revenue_events',
  'high_activity_alerts',
  ...mappings.map(({ topic }: TopicMapping) => topic),
];

const traffic = { seed: 7, users: 120, rate: 15, burstsPerHour: 24, dayCurve: false };
/** Ten minutes that end a quarter of an hour ago, so that the topics' retention and the store's keep all of it. */
const spanEnd = Math.floor((Date.now() - 15 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
const spanStart = spanEnd - 10 * MINUTE_MS;
const halfTime = spanStart + 5 * MINUTE_MS;

interface Profile {
  readonly userId: string;
  readonly profile: object;
}

const profiles: readonly Profile[] = trafficProfiles(traffic);
/** At half-time the first users of the list change their segment. */
const changes: readonly Profile[] = profiles
  .slice(0, 20)
  .map(({ userId, profile }) => ({ userId, profile: { ...profile, segment: 'converted' } }));
const between = createTraffic(traffic);

const userOf = (event: unknown): string | null => (event as { user_id?: string | null }).user_id ?? null;
const timeOf = (event: unknown): unknown => (event as { timestamp?: unknown }).timestamp;
const counts = (event: unknown): boolean => userOf(event) !== null && typeof timeOf(event) === 'number';

/** The traffic of a time, up to its last sound event: only those show in committed offsets. */
function eventsOf(fromMs: number, toMs: number): unknown[] {
  const events = [...between(fromMs, toMs)].map(({ event }) => event);
  return events.slice(0, events.findLastIndex(counts) + 1);
}

const firstHalf = eventsOf(spanStart, halfTime);
const secondHalf = eventsOf(halfTime, spanEnd);

function profileRecords(list: readonly Profile[], timestamp: number): RawRecord[] {
  return list.map(({ userId, profile }) => ({ key: userId, value: JSON.stringify(profile), timestamp }));
}

const eventRecords = (events: readonly unknown[]): RawRecord[] =>
  events.map((event) => ({ key: userOf(event), value: JSON.stringify(event) }));

/** Every point of the store, readable: metric, labels, window, measures. */
async function pointsOf(store: SeriesStore): Promise<string[]> {
  const lines: string[] = [];
  for (const metric of metrics) {
    const request = {
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      seriesIds: null,
      nowMs: Date.now(),
      maxPoints: 1e6,
    };
    for (const { values, points } of await store.read(metric, request)) {
      for (let row = 0; row < points.length; row += 1) {
        const { startMs, endMs, measures, removed } = points.point(row);
        lines.push(JSON.stringify([metric.name, values, startMs, endMs, measures, removed]));
      }
    }
  }
  return lines.sort();
}

describe('demo traffic', () => {
  const folder = mkdtempSync(join(tmpdir(), 'same-points-'));
  const clock = (): number => Date.now();
  const log = createLog('silent');
  const tools = { log, telemetry: createTelemetry('test'), clock };
  let broker: KafkaBroker;
  let topology: RunningTopology | undefined;
  let source: Source | undefined;
  let pipeline: EmbeddedPipeline | undefined;
  let throughKafka: SeriesStore;
  let embedded: SeriesStore;

  /** What is left to read of the topology's sources and of its own topics between its parts; null: something is. */
  async function allRead(): Promise<string | null> {
    const admin = await broker.admin();
    const own = (await admin.listTopics()).filter((topic) => /^streams-topology-.*-repartition$/.test(topic));
    const ends: number[] = [];
    for (const topic of ['raw-events', 'user-profiles', ...own]) {
      const end = (await broker.ends(topic))[0]!;
      const committed = Math.max(0, (await broker.committed('streams-topology', topic))[0]!);
      // Its own topics end with the mark of a transaction, which nobody reads.
      if (end - committed > (own.includes(topic) ? 1 : 0)) return null;
      ends.push(end);
    }
    return ends.join();
  }

  /** Resolves when all that was sent went through every part of the topology: read twice to the same ends. */
  async function digested(): Promise<void> {
    let before: string | null = null;
    await eventually(
      async () => {
        const now = await allRead();
        const twice = now !== null && now === before;
        before = now;
        return twice;
      },
      'the topology reads all that was sent',
      120_000,
      200,
    );
  }

  beforeAll(async () => {
    broker = await startKafka();
    for (const topic of new Set(['raw-events', 'user-profiles', 'dead-letters', ...sinks])) {
      await broker.createTopic(topic);
    }
    throughKafka = createLmdbStore({ path: join(folder, 'kafka') }, metrics, tools);
    embedded = createLmdbStore({ path: join(folder, 'embedded') }, metrics, tools);
    await Promise.all([throughKafka.start(), embedded.start()]);

    topology = await startTopology(broker.bootstrap);
    source = createKafkaSource(
      {
        brokers: [broker.bootstrap],
        groupId: 'same-points',
        clientId: 'same-points',
        deadLetterTopic: 'dead-letters',
      },
      mappings,
      throughKafka,
      tools,
    );
    await source.start();
    pipeline = createEmbeddedPipeline({ statePath: join(folder, 'pipeline') }, metrics, embedded, tools);
    await pipeline.start();

    // Profiles first, then half of the events, the changes, the other half: each step is through before the next.
    await broker.produce('user-profiles', profileRecords(profiles, spanStart - 60 * MINUTE_MS));
    await digested();
    await broker.produce('raw-events', eventRecords(firstHalf));
    await digested();
    await broker.produce('user-profiles', profileRecords(changes, halfTime - MINUTE_MS));
    await digested();
    await broker.produce('raw-events', eventRecords(secondHalf));
    await digested();

    for (const { userId, profile } of profiles) await pipeline.profile(userId, profile);
    const send = async (events: readonly unknown[]): Promise<void> => {
      for (let at = 0; at < events.length; at += 1_000) await pipeline!.events(events.slice(at, at + 1_000));
    };
    await send(firstHalf);
    for (const { userId, profile } of changes) await pipeline.profile(userId, profile);
    await send(secondHalf);
    await eventually(
      () => pipeline!.status().topics.every(({ partitions }) => partitions.every(({ lag }) => lag === 0)),
      'the pipeline writes all it counted',
    );
    await eventually(
      async () => {
        for (const mapping of mappings) {
          const [end] = await broker.ends(mapping.topic);
          // Transactions end in records without content, which the bridge may leave unread at the very end.
          const applied = (await throughKafka.appliedOffsets(mapping.metric)).get(0);
          if (applied === undefined || applied + 2 < end!) return false;
        }
        return true;
      },
      'the bridge reads all that the topology wrote',
      120_000,
    );
    await sleep(1_500);
  }, 400_000);

  afterAll(async () => {
    await Promise.all([source?.stop(), pipeline?.stop(), topology?.stop()]);
    await Promise.all([throughKafka.close(), embedded.close()]);
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the same points through Kafka and through the embedded pipeline', async () => {
    const expected = await pointsOf(embedded);
    expect(expected.length).toBeGreaterThan(70);
    for (const { name } of metrics) {
      expect(expected.filter((line) => line.startsWith(`["${name}"`)).length).toBeGreaterThan(0);
    }
    expect(expected.some((line) => line.includes('"converted"'))).toBe(true);
    expect(expected.some((line) => line.includes('"unknown"'))).toBe(true);
    expect(await pointsOf(throughKafka)).toEqual(expected);
  });

  it('counts active users as a plain count of the traffic does', async () => {
    const users = new Map<number, Set<string>>();
    let newestMs = 0;
    for (const event of [...firstHalf, ...secondHalf]) {
      if (!counts(event)) continue;
      const user = userOf(event)!;
      const timestamp = timeOf(event) as number;
      newestMs = Math.max(newestMs, timestamp);
      const startMs = Math.floor(timestamp / MINUTE_MS) * MINUTE_MS;
      if (startMs + MINUTE_MS + GRACE_MS <= newestMs) continue;
      users.set(startMs, (users.get(startMs) ?? new Set()).add(user));
    }
    const counted = [...users].sort(([a], [b]) => a - b).map(([startMs, { size }]) => [startMs, size]);
    expect(counted.length).toBeGreaterThanOrEqual(10);
    for (const store of [throughKafka, embedded]) {
      const points = (await pointsOf(store))
        .map((line) => JSON.parse(line) as [string, string[], number, number, number[], boolean])
        .filter(([metric]) => metric === 'active_users_per_minute')
        .sort((a, b) => a[2] - b[2]);
      expect(points.map(([, , startMs, , measures]) => [startMs, measures[0]])).toEqual(counted);
    }
  });
});
