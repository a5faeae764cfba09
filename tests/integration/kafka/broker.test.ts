import { startKafka, type KafkaBroker } from '../../support/kafka';

/** The broker of all Kafka tests, held to what its helpers promise. */
describe('a real broker', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({ sasl: { username: 'reader', password: 'secret' }, tls: true });
  });
  afterAll(() => kafka.stop(), 30_000);

  it('keeps raw bytes, partitions, timestamps and headers', async () => {
    await kafka.createTopic('raw', { partitions: 2 });
    const value = Buffer.from([0, 255, 1]);
    await kafka.produce('raw', [
      { partition: 1, key: Buffer.from([9]), value, timestamp: 1_736_935_200_000, headers: { why: 'test' } },
      { partition: 0, key: null, value: null },
    ]);
    expect(await kafka.ends('raw')).toEqual([1, 1]);
    await kafka.addPartitions('raw', 3);
    expect(await kafka.ends('raw')).toEqual([1, 1, 0]);
    await kafka.deleteTopic('raw');
    await kafka.createTopic('raw');
    expect(await kafka.ends('raw')).toEqual([0]);
  });

  it('keeps what it acknowledged through kill -9 and a restart', async () => {
    await kafka.createTopic('kept');
    await kafka.produce('kept', [{ key: 'a', value: 'b' }]);
    await kafka.kill9();
    await kafka.restart();
    expect(await kafka.ends('kept')).toEqual([1]);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('lets %s over TLS in', async (mechanism) => {
    const connect = async (password: string): Promise<string> => {
      const admin = kafka
        .client({
          brokers: [kafka.secure!],
          ssl: { ca: kafka.tls!.ca },
          sasl: { mechanism, username: 'reader', password } as never,
          retry: { retries: 0 },
        })
        .admin();
      try {
        await admin.connect();
        return (await admin.describeCluster()).brokers.length === 1 ? 'in' : 'no broker';
      } finally {
        await admin.disconnect();
      }
    };
    expect(await connect('secret')).toBe('in');
    await expect(connect('wrong')).rejects.toThrow(/authentication/i);
  });
});
