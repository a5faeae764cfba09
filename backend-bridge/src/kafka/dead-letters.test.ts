import type { Kafka, Message } from 'kafkajs';
import { createDeadLetterWriter, type DeadLetter } from './dead-letters';

/** A topic that takes requests of at most `limit` bytes, as a broker does by `max.message.bytes`. */
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

  it('go out in requests that a topic takes, a large one without its bytes', async () => {
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

  it('are each in a topic that takes less, once', async () => {
    const { requests, client } = topicOf(20_000);
    const letters = Array.from({ length: 9 }, (_, offset) => letter(offset, offset === 4 ? 100_000 : 5_000));
    await createDeadLetterWriter(client, 'letters', dependencies).write(letters);
    expect(requests.flatMap(offsetsOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(requests.flat().filter(({ value }) => value === null)).toHaveLength(1);
  });

  it('say which offsets they stand for, and how much was not read', async () => {
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

  it('wait for a topic that takes not even their headers', async () => {
    const { client } = topicOf(100);
    const written = createDeadLetterWriter(client, 'letters', dependencies).write([letter(0, 10)]);
    await expect(written).rejects.toMatchObject({ name: 'UnavailableError', hop: 'dead_letter' });
    expect(counted.size).toBe(0);
  });
});
