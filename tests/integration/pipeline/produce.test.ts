import { createTraffic, trafficProfiles } from '../../../backend-bridge/src/pipeline/demo-traffic';
import { explain, produce, readOptions } from '../../../backend-bridge/src/produce';
import { startKafka, type KafkaBroker } from '../../support/kafka';

describe('npm run produce, with a real Kafka', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka.stop(), 30_000);

  interface Seen {
    readonly topic: string;
    readonly partition: number;
    readonly key: string | null;
    readonly value: string;
    readonly timestamp: number;
  }

  async function readAll(topics: string[]): Promise<Seen[]> {
    const ends = await Promise.all(topics.map((topic) => kafka.ends(topic)));
    const expected = ends.flat().reduce((sum, end) => sum + end, 0);
    const seen: Seen[] = [];
    const consumer = kafka.client().consumer({ groupId: `reader-${Date.now()}` });
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: async ({ topic, partition, message }) => {
            seen.push({
              topic,
              partition,
              key: message.key?.toString() ?? null,
              value: message.value!.toString(),
              timestamp: Number(message.timestamp),
            });
            if (seen.length === expected) resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    return seen;
  }

  it('makes the topics, sends the same traffic as the demo, and puts events beside their profiles', async () => {
    const options = readOptions('--rate 20 --backfill 60s --duration 0s --partitions 3 --seed 5'.split(' '))!;
    const lines: string[] = [];
    const sent = await produce(
      options,
      { KAFKA_BROKERS: kafka.bootstrap },
      (line) => lines.push(line),
      new AbortController().signal,
    );
    expect(sent).toBeGreaterThan(300);
    expect(lines.at(-1)).toBe(`done: ${sent} events sent`);
    expect(await kafka.ends('raw-events')).toHaveLength(3);

    const seen = await readAll(['raw-events', 'user-profiles']);
    const events = seen.filter(({ topic }) => topic === 'raw-events');
    const profiles = seen.filter(({ topic }) => topic === 'user-profiles');
    expect(events).toHaveLength(sent);
    expect(profiles).toHaveLength(trafficProfiles(options.traffic).length);

    const home = new Map(profiles.map(({ key, partition }) => [key, partition]));
    const misplaced = events.filter(({ key, partition }) => home.has(key) && home.get(key) !== partition);
    expect(misplaced).toEqual([]);
    expect(new Set(events.map(({ partition }) => partition)).size).toBe(3);
    // A reader that joins by time has each profile before the first event.
    expect(Math.max(...profiles.map(({ timestamp }) => timestamp))).toBeLessThan(
      Math.min(...events.map(({ timestamp }) => timestamp)) - 3_500_000,
    );
    const times = events.map(({ timestamp }) => timestamp).sort((a, b) => a - b);
    const made = [...createTraffic(options.traffic)(times[0]!, times.at(-1)! + 1)];
    expect(events.map(({ value }) => value).sort()).toEqual(
      made.map(({ event }) => JSON.stringify(event)).sort(),
    );
  });

  it('stops on request, with everything sent acknowledged', async () => {
    const abort = new AbortController();
    const before = (await kafka.ends('raw-events')).reduce((a, b) => a + b, 0);
    const options = readOptions('--rate 100 --flat'.split(' '))!;
    const running = produce(options, { KAFKA_BROKERS: kafka.bootstrap }, () => undefined, abort.signal);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    abort.abort();
    const sent = await running;
    expect(sent).toBeGreaterThan(50);
    expect((await kafka.ends('raw-events')).reduce((a, b) => a + b, 0)).toBe(before + sent);
  });

  it('refuses topics with different partitions, saying what to do', async () => {
    await kafka.addPartitions('raw-events', 4);
    const running = produce(
      readOptions(['--duration', '0s'])!,
      { KAFKA_BROKERS: kafka.bootstrap },
      () => undefined,
      new AbortController().signal,
    );
    await expect(running).rejects.toThrow(/raw-events has 4 partitions and user-profiles 3/);
  });

  it('names the broker that it cannot reach', async () => {
    const running = produce(
      readOptions(['--duration', '0s'])!,
      { KAFKA_BROKERS: '127.0.0.1:1' },
      () => undefined,
      new AbortController().signal,
    );
    const error: unknown = await running.catch((reason: unknown) => reason);
    expect(explain(error, '127.0.0.1:1')).toContain('Kafka at 127.0.0.1:1 cannot be reached');
  });
});
