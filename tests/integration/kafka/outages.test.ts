import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import type { Source } from '../../../backend-bridge/src/domain/source';
import { topicLog } from './topic-log';
import { allPoints, mappingOf, openStore, startSource, unique, watching, windowedKey } from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const record = (i: number): RawRecord => ({
  partition: i % 3,
  // A name stays in its partition.
  key: windowedKey(`key-${i % 60}`, now),
  value: JSON.stringify({ N: i }),
  timestamp: now,
});

/** The points that the records of a topic come to, by a reader of its own, and how many records there are. */
async function expectedPoints(kafka: KafkaBroker, topic: string) {
  const records = await topicLog(kafka, topic);
  const points = new Map<string, { measures: number[]; revision: number; removed: boolean }>();
  for (const { key, value } of records) {
    const label = `${key!.subarray(0, -8).toString()}@${now}`;
    const measures = [(JSON.parse(value!.toString()) as { N: number }).N];
    points.set(label, { measures, revision: (points.get(label)?.revision ?? 0) + 1, removed: false });
  }
  return { records: records.length, points };
}

/** Hops that go away under load and come back: everything arrives, in order, once. */
describe('outages', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic('dead-letters');
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  const load = (topic: string) => {
    let sent = 0;
    let going = true;
    const run = async (): Promise<void> => {
      while (going) {
        const batch = Array.from({ length: 60 }, (_, i) => record(sent + i));
        // A producer that has given up during a long outage is asked again; it may have written a part of the batch.
        await kafka.produce(topic, batch).then(
          () => (sent += batch.length),
          () => undefined,
        );
        await sleep(20);
      }
    };
    const done = run();
    return {
      sent: () => sent,
      stop: async () => {
        going = false;
        await done;
        return sent;
      },
    };
  };

  it.each(['kill9', 'freeze'] as const)(
    'of the broker (%s)',
    async (how) => {
      const seen = watching();
      const mapping = mappingOf(unique(how));
      const { topic, metric } = mapping;
      await kafka.createTopic(topic, { partitions: 3 });
      const { store, close } = await openStore('lmdb', [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen);
      const sending = load(topic);
      const readAll = (records: number): true => {
        const accepted = seen.count(`accepted ${metric.name}`);
        if (accepted === records) return true;
        throw new Error(`${accepted} of ${records}, ${JSON.stringify(source.status())}`);
      };
      try {
        await eventually(() => seen.count(`accepted ${metric.name}`) > 200, 'it reads');
        if (how === 'kill9') {
          await kafka.kill9();
          await eventually(() => source.status().failing?.hop === 'kafka', 'it says so');
          await kafka.restart();
        } else {
          kafka.pauseProcess();
          await eventually(() => source.status().failing?.hop === 'kafka', 'it says so');
          kafka.resume();
        }
        const before = sending.sent();
        await eventually(() => sending.sent() > before + 300, 'records are taken again', 60_000);
        await sending.stop();
        const expected = await expectedPoints(kafka, topic);
        // A consumer that kafkajs has lost is noticed after 30 s, and another one joins.
        await eventually(() => readAll(expected.records), 'all are read', 120_000);
        expect(await allPoints(store, metric)).toEqual(expected.points);
        await eventually(() => source.status().failing === null && source.status().ready, 'it is well');
      } finally {
        await sending.stop().catch(() => undefined);
        await source.stop();
        await close();
      }
    },
    300_000,
  );

  it('of Redis (frozen, then killed and empty): paused, bounded, refilled', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('redis'));
    const { topic, metric } = mapping;
    await kafka.createTopic(topic, { partitions: 3 });
    const { store, redis, close } = await openStore('redis', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    const sending = load(topic);
    try {
      await eventually(() => seen.count(`accepted ${metric.name}`) > 200, 'it reads');
      redis!.pauseProcess();
      await eventually(() => source.status().failing?.hop === 'store', 'it says so');
      await sleep(4_000);
      // The group is kept all the while: nobody else takes the partitions.
      expect(seen.lines.filter(({ message }) => message === 'joined the consumer group').length).toBe(1);
      redis!.resume();
      await eventually(() => source.status().failing === null, 'it is well');
      await redis!.kill9();
      await redis!.restart();
      await sleep(1_000);
      await sending.stop();
      const expected = await expectedPoints(kafka, topic);
      await eventually(async () => {
        expect(await allPoints(store, metric)).toEqual(expected.points);
        return true;
      }, 'the empty store is filled from the log');
      await eventually(() => source.status().failing === null, 'it is well again');
    } finally {
      await sending.stop().catch(() => undefined);
      await source.stop();
      await close();
    }
  }, 300_000);

  it('of a bridge: the other one takes its partitions over', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('two'));
    const { topic, metric } = mapping;
    const groupId = unique('group');
    await kafka.createTopic(topic, { partitions: 3 });
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const first = startSource(kafka, [mapping], store, seen, { groupId });
    let second: Source | null = null;
    const sending = load(topic);
    try {
      await eventually(() => seen.count(`accepted ${metric.name}`) > 200, 'it reads');
      const other = startSource(kafka, [mapping], store, seen, { groupId });
      second = other;
      await eventually(() => {
        const owned = [first, other].map(
          (source) => source.status().topics[0]?.partitions.filter((each) => each.owned).length ?? 0,
        );
        return owned[0]! > 0 && owned[1]! > 0 && owned[0]! + owned[1]! === 3;
      }, 'they share');
      await first.stop();
      await eventually(
        () => other.status().topics[0]?.partitions.every(({ owned }) => owned) === true,
        'the second has all',
      );
      await sending.stop();
      const expected = await expectedPoints(kafka, topic);
      await eventually(() => seen.count(`accepted ${metric.name}`) === expected.records, 'all are read');
      expect(await allPoints(store, metric)).toEqual(expected.points);
    } finally {
      await sending.stop().catch(() => undefined);
      await first.stop();
      await second?.stop();
      await close();
    }
  }, 300_000);
});
