import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import {
  allPoints,
  eventually,
  mappingOf,
  openStore,
  sleep,
  startSource,
  unique,
  watching,
  windowedKey,
} from './source-setup';

const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const record = (i: number): RawRecord => ({
  partition: i % 3,
  // A name stays in its partition.
  key: windowedKey(`key-${i % 60}`, now),
  value: JSON.stringify({ N: i }),
  timestamp: now,
});

/** Hops that go away under load and come back: everything arrives, in order, once. */
describe('outages', () => {
  let kafka: KafkaBroker;
  beforeEach(async () => {
    kafka = await startKafka();
    await kafka.createTopic('dead-letters');
  }, 120_000);
  afterEach(() => kafka.stop(), 30_000);

  const load = (topic: string) => {
    let sent = 0;
    let going = true;
    const run = async (): Promise<void> => {
      while (going) {
        const batch = Array.from({ length: 60 }, (_, i) => record(sent + i));
        // The producer is idempotent and tries again by itself; what is acknowledged is counted.
        await kafka.produce(topic, batch);
        sent += batch.length;
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

  it.each(['restart', 'kill9', 'freeze'] as const)(
    'of the broker (%s)',
    async (how) => {
      const seen = watching();
      const mapping = mappingOf(unique(how));
      const { topic, metric } = mapping;
      await kafka.createTopic(topic, { partitions: 3 });
      const { store, close } = await openStore('lmdb', [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen);
      const sending = load(topic);
      try {
        await eventually('it reads', () => seen.count(`accepted ${metric.name}`) > 200);
        if (how === 'restart') await kafka.restart();
        else if (how === 'kill9') {
          await kafka.kill9();
          await eventually('it says so', () => source.status().failing?.hop === 'kafka');
          await kafka.restart();
        } else {
          kafka.pauseProcess();
          await eventually('it says so', () => source.status().failing?.hop === 'kafka');
          kafka.resume();
        }
        const before = sending.sent();
        await eventually('records are taken again', () => sending.sent() > before + 300, 60_000);
        const sent = await sending.stop();
        await eventually('all are read', () => seen.count(`accepted ${metric.name}`) === sent, 40_000);
        const points = await allPoints(store, metric);
        expect(points.size).toBe(60);
        for (let i = sent - 60; i < sent; i += 1) {
          expect(points.get(`key-${i % 60}@${now}`)).toEqual({
            measures: [i],
            revision: sent / 60,
            removed: false,
          });
        }
        await eventually('it is well', () => source.status().failing === null && source.status().ready);
      } finally {
        await sending.stop().catch(() => undefined);
        await source.stop();
        await close();
      }
    },
    150_000,
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
      await eventually('it reads', () => seen.count(`accepted ${metric.name}`) > 200);
      redis!.pauseProcess();
      await eventually('it says so', () => source.status().failing?.hop === 'store');
      await sleep(4_000);
      // The group is kept all the while: nobody else takes the partitions.
      expect(seen.lines.filter(({ message }) => message === 'joined the consumer group').length).toBe(1);
      redis!.resume();
      await eventually('it is well', () => source.status().failing === null);
      await redis!.kill9();
      await redis!.restart();
      await sleep(1_000);
      const sent = await sending.stop();
      await eventually(
        'the empty store is filled from the log',
        async () => {
          const points = await allPoints(store, metric);
          return [...Array(60).keys()].every((k) => {
            const i = sent - 60 + k;
            const point = points.get(`key-${i % 60}@${now}`);
            return point?.measures[0] === i && point.revision === sent / 60;
          });
        },
        40_000,
      );
      await eventually('it is well again', () => source.status().failing === null);
    } finally {
      await sending.stop().catch(() => undefined);
      await source.stop();
      await close();
    }
  }, 150_000);

  it('of a bridge: the other one takes its partitions over', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('two'));
    const { topic, metric } = mapping;
    const groupId = unique('group');
    await kafka.createTopic(topic, { partitions: 3 });
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const first = startSource(kafka, [mapping], store, seen, { groupId });
    const sending = load(topic);
    try {
      await eventually('it reads', () => seen.count(`accepted ${metric.name}`) > 200);
      const second = startSource(kafka, [mapping], store, seen, { groupId });
      await eventually('they share', () => {
        const owned = [first, second].map(
          (source) => source.status().topics[0]?.partitions.filter((each) => each.owned).length ?? 0,
        );
        return owned[0]! > 0 && owned[1]! > 0 && owned[0]! + owned[1]! === 3;
      });
      await first.stop();
      await eventually(
        'the second has all',
        () => second.status().topics[0]?.partitions.every(({ owned }) => owned) === true,
      );
      const sent = await sending.stop();
      await eventually('all are read', () => seen.count(`accepted ${metric.name}`) === sent, 30_000);
      await second.stop();
      for (const { revision } of (await allPoints(store, metric)).values()) expect(revision).toBe(sent / 60);
    } finally {
      await sending.stop().catch(() => undefined);
      await first.stop();
      await close();
    }
  }, 120_000);
});
