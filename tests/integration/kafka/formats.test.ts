import { startKafka, type KafkaBroker } from '../../support/kafka';
import {
  allPoints,
  mappingOf,
  openStore,
  startSource,
  unique,
  watching,
  windowedKey,
  type OpenStore,
} from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;

/** How records reach the bridge: compressions as Java writes them, transactions, SASL, TLS. */
describe('what a broker hands over', () => {
  const credentials = { username: 'bridge', password: 'secret' };
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({ sasl: credentials, tls: true });
    await kafka.createTopic('dead-letters');
  });
  afterAll(() => kafka.stop(), 30_000);

  const records = (count: number, value = (i: number): number => i) =>
    Array.from({ length: count }, (_, i) => ({
      partition: 0,
      key: windowedKey(`key-${i % 40}`, now - (i % 25) * MINUTE),
      value: JSON.stringify({ N: value(i) }),
      timestamp: now,
    }));

  it.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'])(
    'reads %s',
    async (compression) => {
      const seen = watching();
      const topic = unique(compression);
      const mapping = mappingOf(topic);
      await kafka.createTopic(topic, { config: { 'compression.type': compression } });
      await kafka.produce(topic, records(3_000));
      const { store, close } = await openStore('lmdb', [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen);
      try {
        await eventually(() => seen.count(`accepted ${mapping.metric.name}`) === 3_000, 'all are read');
        const points = await allPoints(store, mapping.metric);
        expect(points.size).toBe(200);
        for (const [id, { measures, revision }] of points) {
          const last = records(3_000).findLastIndex(
            (_, i) => `key-${i % 40}@${now - (i % 25) * MINUTE}` === id,
          );
          expect({ id, measures, revision }).toEqual({ id, measures: [last], revision: 15 });
        }
      } finally {
        await source.stop();
        await close();
      }
    },
    150_000,
  );

  it('reads committed transactions only, and passes their control records', async () => {
    const seen = watching();
    const topic = unique('transactions');
    const mapping = mappingOf(topic);
    await kafka.createTopic(topic);
    const producer = kafka.client().producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const send = async (n: number, commit: boolean): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({
        topic,
        messages: records(5, () => n).map(({ key, value }) => ({ key, value })),
      });
      await (commit ? transaction.commit() : transaction.abort());
    };
    const { store, close } = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], store, seen);
    try {
      await send(1, true);
      await send(2, false);
      await send(3, true);
      await send(4, false);
      await eventually(() => {
        const partition = source.status().topics[0]?.partitions[0];
        return partition?.end === 24 && partition.lag === 0;
      }, 'the reader is at the end');
      const applied = await store.appliedOffsets(mapping.metric);
      expect(applied.get(0)).toBe(23);
      for (const { measures, revision } of (await allPoints(store, mapping.metric)).values()) {
        expect({ measures, revision }).toEqual({ measures: [3], revision: 2 });
      }
      await eventually(async () => {
        const { watermarkMs } = await store.progress(mapping.metric);
        return watermarkMs !== null;
      }, 'the watermark shows a read to the end');
    } finally {
      await source.stop();
      await producer.disconnect();
      await close();
    }
  }, 150_000);

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'reads over TLS with %s, dead letters included',
    async (mechanism) => {
      const seen = watching();
      const topic = unique('secure');
      const mapping = mappingOf(topic);
      await kafka.createTopic(topic);
      await kafka.produce(topic, [...records(10), { key: null, value: 'x' }]);
      const { store, close } = await openStore('lmdb', [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen, {
        brokers: [kafka.secure!],
        ssl: { ca: kafka.tls!.ca, cert: kafka.tls!.cert, key: kafka.tls!.key },
        sasl: { mechanism, ...credentials },
      });
      try {
        await eventually(() => seen.count(`accepted ${mapping.metric.name}`) === 10, 'all are read');
        await eventually(() => seen.count(`dead ${topic} key_missing`) === 1, 'and the bad one');
      } finally {
        await source.stop();
        await close();
      }
    },
    150_000,
  );

  it('says what is wrong with a wrong password, and never prints one', async () => {
    const seen = watching();
    const topic = unique('refused');
    const mapping = mappingOf(topic);
    let opened: OpenStore | null = null;
    opened = await openStore('lmdb', [mapping], seen);
    const source = startSource(kafka, [mapping], opened.store, seen, {
      brokers: [kafka.secure!],
      ssl: { ca: kafka.tls!.ca },
      sasl: { mechanism: 'scram-sha-256', username: 'bridge', password: 'wrong-password' },
    });
    try {
      const failing = await eventually(() => source.status().failing ?? false, 'it fails');
      expect(failing.hop).toBe('kafka');
      expect(failing.message).toMatch(/authentication/i);
      expect(source.status().ready).toBe(false);
      expect(JSON.stringify(seen.lines)).not.toContain('wrong-password');
    } finally {
      await source.stop();
      await opened.close();
    }
  }, 150_000);
});
