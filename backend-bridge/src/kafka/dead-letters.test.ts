import { Partitioners, type Kafka, type Message, type PartitionerArgs } from 'kafkajs';
import { DeadLetterTally } from './dead-letter-tally';
import { LogThrottle } from './log-throttle';
import { createDeadLetterWriter, createPartitioner, type DeadLetter } from './dead-letters';

/** A topic that rejects requests above `limit` bytes, as a broker does by `max.message.bytes`. */
function topicOf(limit: number) {
  const requests: Message[][] = [];
  const producer = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    send: async ({ messages }: { messages: Message[] }) => {
      const bytes = messages.map(({ key, value }) => (key?.length ?? 0) + (value?.length ?? 0) + 500);
      if (bytes.reduce((sum, each) => sum + each, 0) > limit) {
        throw Object.assign(new Error('the request was too large'), { type: 'MESSAGE_TOO_LARGE' });
      }
      requests.push(messages);
    },
  };
  return { requests, client: { producer: () => producer } as unknown as Kafka };
}

const counted = new Map<string, number>();
const nothing = (): void => undefined;
const dependencies = {
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  telemetry: {
    deadLetters: (_: string, reason: string, by: number) =>
      void counted.set(reason, (counted.get(reason) ?? 0) + by),
  },
} as unknown as Parameters<typeof createDeadLetterWriter>[2];

const letter = (offset: number, valueBytes: number, over: Partial<DeadLetter> = {}): DeadLetter => ({
  metric: 'm',
  topic: 't',
  partition: 0,
  offset,
  lastOffset: offset,
  timestampMs: 1,
  key: Buffer.from('k'),
  value: Buffer.alloc(valueBytes),
  unreadBytes: null,
  reason: 'value_malformed',
  message: 'no JSON',
  ...over,
});

const offsetsOf = (messages: readonly Message[]): number[] =>
  messages.map(({ headers }) => Number(headers?.['offset']));

describe('dead letters', () => {
  beforeEach(() => counted.clear());

  it('are sent in requests within the topic limit, a large record without its bytes', async () => {
    const { requests, client } = topicOf(1_048_576);
    const letters = [
      letter(0, 400_000),
      letter(1, 400_000),
      letter(2, 400_000),
      letter(3, 3_000_000),
      letter(4, 10),
    ];
    await createDeadLetterWriter(client, 'letters', dependencies).write(letters);
    expect(requests.map(offsetsOf)).toEqual([[0, 1], [2, 3, 4]]); // prettier-ignore
    const large = requests[1]![1]!;
    expect(large).toMatchObject({ key: null, value: null });
    expect(large.headers).toMatchObject({ value_bytes: '3000000', key_bytes: '1', value_left_out: 'true' });
    expect(counted.get('value_malformed')).toBe(5);
  });

  it('are each written once to a topic with a lower limit', async () => {
    const { requests, client } = topicOf(20_000);
    const letters = Array.from({ length: 9 }, (_, offset) => letter(offset, offset === 4 ? 100_000 : 5_000));
    await createDeadLetterWriter(client, 'letters', dependencies).write(letters);
    expect(requests.flatMap(offsetsOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(requests.flat().filter(({ value }) => value === null)).toHaveLength(1);
  });

  it('name the offsets they cover and the bytes not read', async () => {
    const { requests, client } = topicOf(1_048_576);
    const unread = {
      key: null,
      value: null,
      lastOffset: 9,
      unreadBytes: 700,
      reason: 'batch_unreadable',
    } as const;
    await createDeadLetterWriter(client, 'letters', dependencies).write([letter(3, 0, unread)]);
    expect(requests[0]![0]!.headers).toMatchObject({ offset: '3', last_offset: '9', value_bytes: '700' });
  });

  it('are logged once in ten seconds for each topic and reason, with how many there were', async () => {
    let nowMs = 0;
    const lines: object[] = [];
    const log = { ...dependencies.log, warn: (fields: object) => void lines.push(fields) };
    const { client } = topicOf(1_048_576);
    const throttle = new LogThrottle(() => nowMs);
    const writer = createDeadLetterWriter(client, 'letters', { ...dependencies, log }, throttle);
    const many = [0, 1, 2].map((offset) => letter(offset, 1));
    await writer.write([...many, letter(3, 1, { reason: 'bad_time' })]);
    nowMs = 9_999;
    await writer.write([...many, letter(4, 1, { topic: 'other' })]);
    expect(lines).toMatchObject([
      { topic: 't', reason: 'value_malformed', offset: 0, records: 3 },
      { topic: 't', reason: 'bad_time', offset: 3, records: 1 },
      { topic: 'other', reason: 'value_malformed', offset: 4, records: 1 },
    ]);
    nowMs = 10_000;
    await writer.write([letter(5, 1)]);
    expect(lines.slice(3)).toMatchObject([{ topic: 't', reason: 'value_malformed', offset: 5, records: 4 }]);
  });

  it('are placed by their keys as Java producers place them, also by very long keys', () => {
    const partitions = [0, 1, 2, 3, 4].map((partitionId) => ({ partitionId, leader: 1 }));
    const placed = (key: Buffer | null): PartitionerArgs =>
      ({ topic: 'letters', partitionMetadata: partitions, message: { key, value: null } }) as PartitionerArgs;
    const place = createPartitioner();
    const java = Partitioners.DefaultPartitioner();
    for (let i = 0; i < 40; i += 1) {
      const key = Buffer.from(Array.from({ length: i % 19 }, (_, at) => (i * 37 + at * 101) % 256));
      expect(place(placed(key))).toBe(java(placed(key)));
    }
    expect(new Set(partitions.map(() => place(placed(null)))).size).toBe(partitions.length);
    const before = process.cpuUsage();
    place(placed(Buffer.alloc(900_000, 0xfe)));
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it('are counted by reason, and the last one is kept', () => {
    const tally = new DeadLetterTally();
    expect([tally.total, tally.last]).toEqual([0, null]);
    tally.add([letter(0, 1), letter(1, 1, { reason: 'bad_time' })], 1_000);
    tally.add([letter(2, 1, { message: 'x'.repeat(5_000) })], 2_000);
    expect(tally.total).toBe(3);
    expect(Object.fromEntries(tally.byReason)).toEqual({ value_malformed: 2, bad_time: 1 });
    expect(tally.last).toMatchObject({ reason: 'value_malformed', timeMs: 2_000, metric: 'm', offset: 2 });
    expect(tally.last?.message).toHaveLength(1_000);
  });

  it('wait for a topic that rejects even their headers', async () => {
    const { client } = topicOf(100);
    const written = createDeadLetterWriter(client, 'letters', dependencies).write([letter(0, 10)]);
    await expect(written).rejects.toMatchObject({ name: 'UnavailableError', hop: 'dead_letter' });
    expect(counted.size).toBe(0);
  });
});
