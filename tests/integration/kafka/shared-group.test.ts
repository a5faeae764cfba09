import { setTimeout as sleep } from 'node:timers/promises';
import { AssignerProtocol, type Consumer, type PartitionAssigner } from 'kafkajs';
import type { Source } from '../../../backend-bridge/src/domain/source';
import { lagOf } from '../../../backend-bridge/src/domain/source';
import { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';
import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import { startRedis, type RedisServer } from '../../support/redis';
import { allPoints, mappingOf, openStore, startSource, unique, watching, windowedKey } from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;
const PARTITIONS = 4;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
/** One record in each partition. */
const round = (n: number): RawRecord[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    key: windowedKey(`p${partition}-${n}`, now),
    value: JSON.stringify({ N: n }),
    timestamp: now,
  }));
const fast = { unreadAfterMs: 1_500, pollMs: 200 };

const isReady = (source: Source): boolean => {
  const { ready, failing } = source.status();
  return ready && failing === null;
};
/** What /readyz says once it names a group. */
const named = (source: Source, groupId: string): Promise<string> =>
  eventually(() => {
    const message = source.status().failing?.message ?? '';
    return message.includes(groupId) && message.includes('KAFKA_GROUP_ID') ? message : false;
  }, 'the group is named');

describe('a consumer group that is shared', () => {
  let kafka: KafkaBroker;
  let redis: RedisServer;
  beforeAll(async () => {
    [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
    await kafka.createTopic('dead-letters');
  });
  afterAll(async () => {
    await Promise.all([kafka.stop(), redis.stop()]);
  });

  /** A topic of its own with a first round of records. */
  async function filledTopic(name: string): Promise<ReturnType<typeof mappingOf>> {
    const mapping = mappingOf(unique(name));
    await kafka.createTopic(mapping.topic, { partitions: PARTITIONS });
    await kafka.produce(mapping.topic, round(1));
    return mapping;
  }

  async function replica(mapping: ReturnType<typeof mappingOf>, keyPrefix: string) {
    const seen = watching();
    const options = { url: redis.url, keyPrefix, commandTimeoutMs: 2_000 };
    const tools = { log: seen.log, telemetry: seen.telemetry, clock: Date.now };
    const store = createRedisStore(options, [mapping.metric], tools);
    await store.start();
    return { seen, store };
  }

  it('by two embedded stores makes neither ready, and loses nothing once one has its own', async () => {
    const mapping = await filledTopic('embedded');
    const groupId = unique('one-group');
    const [seen, other] = [watching(), watching()];
    const first = await openStore('lmdb', [mapping], seen);
    const second = await openStore('lmdb', [mapping], other);
    const one = startSource(kafka, [mapping], first.store, seen, { groupId, ...fast });
    let two: Source | null = null;
    try {
      await eventually(() => isReady(one), 'the first is ready');
      two = startSource(kafka, [mapping], second.store, other, { groupId, ...fast });
      const everReady = { two: false };
      const sampling = setInterval(() => (everReady.two ||= isReady(two!)), 20);
      const [a, b] = await Promise.all([named(one, groupId), named(two, groupId)]);
      expect(a).toMatch(/a bridge with another store \(client test at .*\).*REDIS_URL/);
      expect(b).toMatch(/a bridge with another store/);
      await kafka.produce(mapping.topic, round(2));
      await eventually(
        () => (lagOf(one.status().topics[0]!) ?? 0) > 0,
        'the lag counts what the other one reads',
      );
      expect(one.status().topics[0]).toMatchObject({ state: 'waiting', reason: a });
      // The other one has read and committed what the first one lacks.
      await eventually(
        async () => (await kafka.committed(groupId, mapping.topic)).every((next) => next === 2),
        'all is committed',
      );
      clearInterval(sampling);
      expect(everReady.two).toBe(false);
      await two.stop();
      two = startSource(kafka, [mapping], second.store, other, { groupId: unique('own'), ...fast });
      for (const [source, { store }] of [
        [one, first],
        [two, second],
      ] as const) {
        await eventually(() => isReady(source) && lagOf(source.status().topics[0]!) === 0, 'it is ready');
        await eventually(
          async () => (await allPoints(store, mapping.metric)).size === 2 * PARTITIONS,
          'it has everything',
        );
      }
    } finally {
      await Promise.all([one.stop(), two?.stop()]);
      await Promise.all([first.close(), second.close()]);
    }
  }, 150_000);

  it('by replicas over one Redis is ready on each, and not with one of another key prefix', async () => {
    const mapping = await filledTopic('replicas');
    const groupId = unique('replicas');
    const made = await Promise.all([replica(mapping, 'same'), replica(mapping, 'same')]);
    const other = await replica(mapping, 'another');
    const sources = made.map(({ store, seen }) =>
      startSource(kafka, [mapping], store, seen, { groupId, ...fast }),
    );
    try {
      await eventually(
        () =>
          sources.every(
            (source) => isReady(source) && source.status().topics[0]?.partitions.some(({ owned }) => owned),
          ),
        'both replicas are ready and share the work',
      );
      // Past the grace, in which a stranger would be named.
      const messages = new Set<string | undefined>();
      const until = performance.now() + 2 * fast.unreadAfterMs;
      while (performance.now() < until) {
        for (const source of sources) messages.add(source.status().failing?.message);
        await sleep(20);
      }
      expect([...messages].filter((message) => message?.includes(groupId))).toEqual([]);
      sources.push(startSource(kafka, [mapping], other.store, other.seen, { groupId, ...fast }));
      await Promise.all(sources.map((source) => named(source, groupId)));
      await sources.pop()!.stop();
      await eventually(() => sources.every(isReady), 'the replicas are ready again');
      await eventually(
        async () => (await allPoints(made[0].store, mapping.metric)).size === PARTITIONS,
        'nothing is missing',
      );
    } finally {
      await Promise.all(sources.map((source) => source.stop()));
      await Promise.all([...made, other].map(({ store }) => store.close()));
    }
  }, 150_000);

  it('by another program names it, and reads what that one has committed when it is gone', async () => {
    const mapping = await filledTopic('foreign');
    const groupId = unique('foreign');
    const seen = watching();
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, { groupId, ...fast });
    const program = kafka
      .client({ clientId: 'billing' })
      .consumer({ groupId, heartbeatInterval: 300, maxWaitTimeInMs: 200 });
    try {
      await eventually(() => isReady(source), 'it is ready');
      await program.connect();
      await program.subscribe({ topic: mapping.topic });
      await program.run({ autoCommitInterval: 100, eachMessage: async () => undefined });
      expect(await named(source, groupId)).toMatch(/another program \(client billing at .*\)/);
      await kafka.produce(mapping.topic, round(2));
      await eventually(
        async () => (await kafka.committed(groupId, mapping.topic)).every((next) => next === 2),
        'all is committed',
      );
      expect((await allPoints(store, mapping.metric)).size).toBeLessThan(2 * PARTITIONS);
      await program.disconnect();
      await eventually(() => isReady(source), 'it is ready again');
      await eventually(
        async () => (await allPoints(store, mapping.metric)).size === 2 * PARTITIONS,
        'nothing is missing',
      );
    } finally {
      await program.disconnect();
      await source.stop();
      await close();
    }
  }, 150_000);

  it('by a program with another assigner names the group while it cannot join', async () => {
    const mapping = await filledTopic('range');
    const groupId = unique('range');
    const seen = watching();
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const range: PartitionAssigner = () => ({
      name: 'range',
      version: 1,
      assign: ({ members }) =>
        Promise.resolve(
          members.map(({ memberId }) => ({
            memberId,
            memberAssignment: AssignerProtocol.MemberAssignment.encode({
              version: 1,
              assignment: { [mapping.topic]: [0, 1, 2, 3] },
              userData: Buffer.alloc(0),
            }),
          })),
        ),
      protocol: ({ topics }) => ({
        name: 'range',
        metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
      }),
    });
    const program: Consumer = kafka
      .client({ clientId: 'java' })
      .consumer({ groupId, partitionAssigners: [range], maxWaitTimeInMs: 200 });
    await program.connect();
    await program.subscribe({ topic: mapping.topic });
    await program.run({ eachMessage: async () => undefined });
    await eventually(
      async () => (await program.describeGroup()).state === 'Stable',
      'the program has joined',
    );
    const source = startSource(kafka, [mapping], store, seen, { groupId, ...fast });
    try {
      expect(await named(source, groupId)).toMatch(/another program is a member of the consumer group/);
      await program.disconnect();
      await eventually(() => isReady(source), 'it is ready');
      await eventually(
        async () => (await allPoints(store, mapping.metric)).size === PARTITIONS,
        'everything is read',
      );
    } finally {
      await program.disconnect();
      await source.stop();
      await close();
    }
  }, 150_000);
});
