import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import {
  allPoints,
  mappingOf,
  openStore,
  startSource,
  unique,
  watching,
  windowedKey,
  type StoreKind,
} from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const record = (name: string, n: number, partition?: number): RawRecord => ({
  ...(partition === undefined ? {} : { partition }),
  key: windowedKey(name, now),
  value: JSON.stringify({ N: n }),
  timestamp: now,
});

let kafka: KafkaBroker;
beforeAll(async () => {
  kafka = await startKafka();
  await kafka.createTopic('dead-letters');
});
afterAll(() => kafka.stop(), 30_000);

/** Topics that appear, go, come back and grow under a running bridge. */
describe.each<StoreKind>(['lmdb', 'redis'])('topics that change, into %s', (kind) => {
  it('reports a missing topic and reads it when it is there, beside one that was there', async () => {
    const seen = watching();
    const there = mappingOf(unique('there'));
    const later = mappingOf(unique('later'));
    const mappings = [there, later];
    await kafka.createTopic(there.topic);
    await kafka.produce(there.topic, [record('a', 1)]);
    const { store, close } = await openStore(kind, mappings, seen);
    const source = startSource(kafka, mappings, store, seen);
    try {
      await eventually(async () => (await allPoints(store, there.metric)).size === 1, 'the first is read');
      expect(source.status().topics[1]?.state).toBe('missing');
      expect(source.status().topics[1]?.reason).toContain('does not exist');
      await eventually(() => source.status().ready && source.status().failing === null, 'it is ready');
      await kafka.createTopic(later.topic, { partitions: 2 });
      await kafka.produce(later.topic, [record('b', 2, 1)]);
      await eventually(async () => (await allPoints(store, later.metric)).size === 1, 'the second is read');
      await kafka.produce(there.topic, [record('a', 3)]);
      await eventually(
        async () =>
          [...(await allPoints(store, there.metric)).values()].some(({ measures }) => measures[0] === 3),
        'the first is still read',
      );
      await eventually(
        () => source.status().topics.every(({ state }) => state === 'reading'),
        'both are reading',
      );
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('names the topics when none exists', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('nowhere'));
    const { store, close } = await openStore(kind, [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    try {
      const failing = await eventually(() => source.status().failing ?? false, 'it says so');
      expect(failing.hop).toBe('source');
      expect(failing.message).toContain(mapping.topic);
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('takes a topic that was deleted and made anew with other partitions', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('anew'));
    const { topic, metric } = mapping;
    await kafka.createTopic(topic, { partitions: 2 });
    await kafka.produce(topic, [record('a', 1, 0), record('a', 2, 0), record('b', 3, 1), record('a', 4, 0)]);
    const { store, close } = await openStore(kind, [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    try {
      await eventually(async () => (await allPoints(store, metric)).size === 2, 'the first topic is read');
      await kafka.deleteTopic(topic);
      await eventually(() => source.status().topics[0]?.state === 'missing', 'its absence is reported');
      await kafka.createTopic(topic, { partitions: 3 });
      await kafka.produce(topic, [record('a', 10, 2), record('c', 11, 0)]);
      await eventually(() => seen.count(`read ${topic}`) >= 6, 'the new topic is read');
      const points = await allPoints(store, metric);
      // The offset is lower than before; the incarnation makes it the newer record.
      expect(points.get(`a@${now}`)).toEqual({ measures: [10], revision: 4, removed: false });
      expect(points.get(`b@${now}`)).toEqual({ measures: [3], revision: 1, removed: false });
      expect((await store.appliedOffsets(metric)).get(2)).toBe(0);
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('loses nothing when partitions are added while records come in', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('grows'));
    const { topic, metric } = mapping;
    await kafka.createTopic(topic, { partitions: 2 });
    const { store, close } = await openStore(kind, [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    const last = new Map<string, number>();
    let n = 0;
    let going = true;
    const produceOn = async (): Promise<void> => {
      while (going) {
        const batch: RawRecord[] = [];
        for (let i = 0; i < 20; i += 1) {
          const name = `key-${n % 50}`;
          last.set(`${name}@${now}`, n);
          // Without a partition: placed by murmur2 of the whole key, which here is always the same for a name.
          batch.push(record(name, n));
          n += 1;
        }
        await kafka.produce(topic, batch);
        await sleep(10);
      }
    };
    try {
      const producing = produceOn();
      await eventually(() => seen.count(`accepted ${metric.name}`) > 100, 'some are read');
      await kafka.addPartitions(topic, 5);
      await sleep(2_500);
      going = false;
      await producing;
      // Records may be read twice around the growth, so their count says nothing; what is stored does.
      const stored = async (): Promise<Map<string, number | undefined>> =>
        new Map([...(await allPoints(store, metric))].map(([id, { measures }]) => [id, measures[0]]));
      await eventually(
        async () => isDeepStrictEqual(await stored(), last),
        'the last value of every key is stored',
      ).catch(() => undefined);
      expect(await stored()).toEqual(last);
      await eventually(
        () => source.status().topics[0]?.partitions.every(({ lag }) => lag === 0) === true,
        'the reader is at the end',
      );
      expect(source.status().topics[0]?.partitions.length).toBe(5);
    } finally {
      going = false;
      await source.stop();
      await close();
    }
  }, 150_000);

  it('reads again after a reset of the group, and changes nothing; commits what the store has', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('reset'));
    const { topic, metric } = mapping;
    const groupId = unique('group');
    await kafka.createTopic(topic);
    await kafka.produce(topic, [record('a', 1), record('a', 2), record('b', 3)]);
    const { store, close } = await openStore(kind, [mapping], seen);
    let source = startSource(kafka, [mapping], store, seen, { groupId });
    try {
      await eventually(() => seen.count(`read ${topic}`) >= 3, 'all is read');
      await eventually(async () => (await kafka.committed(groupId, topic))[0] === 3, 'and committed');
      const before = await allPoints(store, metric);
      await source.stop();
      await (await kafka.admin()).setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] });
      source = startSource(kafka, [mapping], store, seen, { groupId });
      await eventually(() => seen.count(`read ${topic}`) >= 6, 'all is read again');
      expect(await allPoints(store, metric)).toEqual(before);
      expect(seen.count(`ignored ${metric.name}`)).toBe(3);
      await source.stop();
      expect((await kafka.committed(groupId, topic))[0]).toBe(3);
      // A committed offset ahead of the store is not believed.
      const other = await openStore(kind, [mapping], seen);
      source = startSource(kafka, [mapping], other.store, seen, { groupId });
      await eventually(
        async () => (await allPoints(other.store, metric)).size === 2,
        'an empty store is filled',
      );
      expect(await allPoints(other.store, metric)).toEqual(before);
      await source.stop();
      await other.close();
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('passes what retention took from the log before it was read', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('trimmed'));
    const { topic, metric } = mapping;
    await kafka.createTopic(topic);
    await kafka.produce(topic, [record('a', 1), record('a', 2), record('b', 3)]);
    await (await kafka.admin()).deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    const { store, close } = await openStore(kind, [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    try {
      await eventually(async () => (await allPoints(store, metric)).size === 1, 'the rest is read');
      expect((await store.appliedOffsets(metric)).get(0)).toBe(2);
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);
});
