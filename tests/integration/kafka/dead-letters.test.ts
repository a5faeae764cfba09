import { setTimeout as sleep } from 'node:timers/promises';
import { AssignerProtocol, type KafkaMessage } from 'kafkajs';
import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startSchemaRegistry } from '../../support/schema-registry';
import { goldenSet, schemas } from '../bridge/golden-recordings';
import { allPoints, mappingOf, openStore, startSource, unique, watching, windowedKey } from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const good = (name: string, n: number) => ({
  partition: 0,
  key: windowedKey(name, now),
  value: JSON.stringify({ N: n }),
  timestamp: now,
});

/** Records that give no point, and hops that are missing for a while: nothing stops, nothing is dropped. */
describe('dead letters and missing hops', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({ advertised: ['broker-0.invalid:9092', '127.0.0.1:1'] });
  });
  afterAll(() => kafka.stop(), 30_000);

  const readAll = async (topic: string, count: number): Promise<KafkaMessage[]> => {
    const consumer = kafka.client().consumer({ groupId: unique('reader') });
    const found: KafkaMessage[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        found.push(message);
      },
    });
    await eventually(() => found.length >= count, `${count} records in ${topic}`);
    await consumer.disconnect();
    return found;
  };

  it('dead-letters what cannot be decoded, with the reason, and continues', async () => {
    const seen = watching();
    const topic = unique('bad');
    const letters = unique('letters');
    const mapping = mappingOf(topic);
    await kafka.createTopic(topic);
    await kafka.createTopic(letters);
    const bad = [
      { reason: 'key_missing', key: null, value: '{"N":1}' },
      { reason: 'key_length', key: Buffer.from('short'), value: '{"N":1}' },
      { reason: 'value_malformed', key: windowedKey('a', now), value: '{"N":' },
      { reason: 'value_malformed', key: windowedKey('a', now), value: '' },
      { reason: 'missing_field', key: windowedKey('a', now), value: '{"M":1}' },
      { reason: 'not_a_number', key: windowedKey('a', now), value: '{"N":"many"}' },
      { reason: 'window_misaligned', key: windowedKey('a', now + 1), value: '{"N":1}' },
      { reason: 'key_malformed', key: windowedKey('', now), value: '{"N":1}', inner: Buffer.from([0xff]) },
    ].map(({ inner, ...each }) => ({
      ...each,
      key: inner === undefined ? each.key : Buffer.concat([inner, each.key!]),
    }));
    await kafka.produce(topic, [
      good('first', 1),
      ...bad.map(({ key, value }) => ({ partition: 0, key, value, timestamp: now })),
      good('last', 2),
    ]);
    const { store, close } = await openStore('redis', [mapping], seen);
    const groupId = unique('group');
    let source = startSource(kafka, [mapping], store, seen, { deadLetterTopic: letters, groupId });
    try {
      await eventually(
        async () => (await allPoints(store, mapping.metric)).size === 2,
        'the good ones are there',
      );
      const found = await readAll(letters, bad.length);
      expect(found.map(({ headers }) => String(headers?.['reason']))).toEqual(
        bad.map(({ reason }) => reason),
      );
      expect(found.map(({ headers }) => String(headers?.['offset']))).toEqual(
        bad.map((_, i) => String(i + 1)),
      );
      expect(found.every(({ headers }) => String(headers?.['topic']) === topic)).toBe(true);
      expect(found.every(({ headers }) => String(headers?.['partition']) === '0')).toBe(true);
      expect(found.map(({ value }) => value?.toString())).toEqual(bad.map(({ value }) => value));
      expect(found.map(({ key }) => key)).toEqual(bad.map(({ key }) => key));
      const messages = found.map(({ headers }) => String(headers?.['message']));
      expect(messages[6]).toMatch(/size in the mapping may be wrong/);
      const [read] = source.status().topics;
      expect(read?.deadLetters).toBe(bad.length);
      expect(read?.deadLettersByReason.get('value_malformed')).toBe(2);
      expect(read?.lastDeadLetter).toMatchObject({
        reason: 'key_malformed',
        partition: 0,
        offset: bad.length,
      });

      // What was dead-lettered once is not written a second time by a replay.
      await source.stop();
      source = startSource(kafka, [mapping], store, seen, {
        deadLetterTopic: letters,
        groupId: unique('group'),
      });
      await eventually(() => seen.count(`read ${topic}`) >= 2 * (bad.length + 2), 'all is read again');
      expect(await kafka.ends(letters)).toEqual([bad.length]);
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('dead-letters a second key for one point', async () => {
    const seen = watching();
    const topic = unique('conflict');
    const letters = unique('letters');
    const base = mappingOf(topic);
    // The label leaves out a part of the key: two keys become one series.
    const mapping = {
      ...base,
      key: { format: 'json', windowed: 'time' } as const,
      dimensions: [{ in: 'key', path: ['name'] } as const],
    };
    await kafka.createTopic(topic);
    await kafka.createTopic(letters);
    const record = (key: object, n: number) => ({ ...good(JSON.stringify(key), n) });
    await kafka.produce(topic, [
      record({ name: 'a', region: 'x' }, 1),
      record({ name: 'a', region: 'y' }, 2),
      record({ name: 'b', region: 'y' }, 3),
    ]);
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, { deadLetterTopic: letters });
    try {
      const [letter] = await readAll(letters, 1);
      expect(String(letter?.headers?.['reason'])).toBe('conflict');
      expect(String(letter?.headers?.['offset'])).toBe('1');
      await eventually(
        async () => (await allPoints(store, mapping.metric)).size === 2,
        'the others are there',
      );
    } finally {
      await source.stop();
      await close();
    }
  }, 150_000);

  it('waits for a missing dead-letter topic, reports it, and resumes when it exists', async () => {
    const seen = watching();
    const topic = unique('bad');
    const letters = unique('missing-letters');
    const mapping = mappingOf(topic);
    await kafka.createTopic(topic);
    await kafka.produce(topic, [good('a', 1), { partition: 0, key: null, value: 'x' }, good('b', 2)]);
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, { deadLetterTopic: letters });
    try {
      const failing = await eventually(() => {
        const { failing } = source.status();
        return failing?.hop === 'dead_letter' ? failing : false;
      }, 'it says so');
      expect(failing.message).toContain(letters);
      expect(source.status().topics[0]?.state).toBe('paused');
      expect((await allPoints(store, mapping.metric)).size).toBe(0);
      // Further tries that end alike change nothing in the log.
      await sleep(4_000);
      expect(seen.lines.filter(({ message }) => message.startsWith('paused: '))).toHaveLength(1);
      await kafka.createTopic(letters);
      await eventually(async () => (await allPoints(store, mapping.metric)).size === 2, 'all is read');
      expect((await kafka.ends(letters))[0]).toBeGreaterThanOrEqual(1);
      await eventually(() => source.status().failing === null, 'it is well');
      expect(seen.lines.filter(({ message }) => message === 'resumed')).toHaveLength(1);
    } finally {
      await source.stop();
      await close();
    }
  });

  it.each([
    [
      0,
      /the brokers name broker-0\.invalid:9092, which cannot be resolved .*the broker's advertised listener/,
    ],
    [1, /the brokers name 127\.0\.0\.1:1, which cannot be reached .*the broker's advertised listener/],
  ])('names an advertised listener that cannot be reached (%d)', async (listener, message) => {
    const seen = watching();
    const mapping = mappingOf(unique('unreachable'));
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, { brokers: [kafka.misnamed[listener]!] });
    try {
      const failing = await eventually(() => source.status().failing ?? false, 'it says so');
      expect(failing).toMatchObject({ hop: 'kafka', message: expect.stringMatching(message) as string });
    } finally {
      await source.stop();
      await close();
    }
  });

  it('says that another program is in its consumer group, and reads when that one is gone', async () => {
    const seen = watching();
    const mapping = mappingOf(unique('shared'));
    const groupId = unique('taken');
    await kafka.createTopic(mapping.topic);
    await kafka.produce(mapping.topic, [good('a', 1)]);
    // As Kafka Streams does: a protocol that no plain consumer speaks.
    const other = kafka.client().consumer({
      groupId,
      partitionAssigners: [
        () => ({
          name: 'stream',
          version: 1,
          assign: ({ members }) =>
            Promise.resolve(
              members.map(({ memberId }) => ({
                memberId,
                memberAssignment: AssignerProtocol.MemberAssignment.encode({
                  version: 1,
                  assignment: {},
                  userData: Buffer.alloc(0),
                }),
              })),
            ),
          protocol: ({ topics }) => ({
            name: 'stream',
            metadata: AssignerProtocol.MemberMetadata.encode({
              version: 1,
              topics,
              userData: Buffer.alloc(0),
            }),
          }),
        }),
      ],
    });
    const joined = new Promise<void>((resolve) => other.on(other.events.GROUP_JOIN, () => resolve()));
    await other.connect();
    await other.subscribe({ topic: mapping.topic });
    await other.run({ eachMessage: () => Promise.resolve() });
    await joined;
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, { groupId });
    try {
      const failing = await eventually(() => source.status().failing ?? false, 'it says so');
      expect(failing.hop).toBe('kafka');
      expect(failing.message).toContain(`another program is a member of the consumer group ${groupId}`);
      expect(failing.message).toContain('KAFKA_GROUP_ID');
      await other.disconnect();
      await eventually(async () => (await allPoints(store, mapping.metric)).size === 1, 'it reads');
      await eventually(() => source.status().ready && source.status().failing === null, 'it is well');
    } finally {
      await source.stop();
      await other.disconnect();
      await close();
    }
  }, 150_000);

  it('waits for a Schema Registry that is down, and dead-letters an id that it does not know', async () => {
    const seen = watching();
    const topic = unique('avro');
    const letters = unique('letters');
    const base = mappingOf(topic);
    const mapping = {
      ...base,
      value: { format: 'avro' } as const,
      measures: [{ path: ['event_count'], optional: false }],
    };
    const recorded = goldenSet('p1-nocache-avro').topics[0]!.records;
    const credentials = { username: 'bridge', password: 'secret' };
    const registry = await startSchemaRegistry({}, credentials);
    await registry.close();
    await kafka.createTopic(topic);
    await kafka.createTopic(letters);
    await kafka.produce(topic, recorded.slice(0, 100));
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen, {
      deadLetterTopic: letters,
      schemaRegistry: { url: registry.url, ...credentials },
    });
    try {
      await eventually(() => source.status().failing?.hop === 'schema_registry', 'it says so');
      await registry.listen();
      registry.failWith(500);
      registry.register(2, schemas()['2']!);
      await eventually(
        () => source.status().failing?.message.includes('500') === true,
        'an answer of 500 is no answer',
      );
      expect(await kafka.ends(letters)).toEqual([0]);
      registry.failWith(null);
      await eventually(() => seen.count(`accepted ${mapping.metric.name}`) === 100, 'all is read');
      expect(await kafka.ends(letters)).toEqual([0]);
      const unknown = Buffer.concat([Buffer.from([0, 0, 0, 0, 99]), Buffer.from([2])]);
      await kafka.produce(topic, [{ ...good('x', 1), value: unknown }, recorded[100]!]);
      await eventually(() => seen.count(`accepted ${mapping.metric.name}`) === 101, 'the next is read');
      expect(seen.count(`dead ${topic} unknown_schema`)).toBe(1);
      expect(await kafka.ends(letters)).toEqual([1]);
    } finally {
      await source.stop();
      await close();
      await registry.close();
    }
  }, 150_000);
});
