import { UnavailableError } from '../../backend-bridge/src/domain/errors';
import { samplerOn } from '../../backend-bridge/src/kafka/sampling/topic-sampler';

/** Which records of a topic are read, over a log of the test's. tests/integration/kafka/inspect.test.ts has a real one. */

type View = Parameters<typeof samplerOn>[0];

/** A log with an offset for each entry; null: a marker, or what compaction took. */
function viewOf(
  partitions: readonly (readonly (string | null)[])[],
  pageRecords = 10,
): View & { reads: number } {
  const view = {
    reads: 0,
    describeTopics: async (topics: readonly string[]) =>
      new Map(
        topics.map((topic) => [
          topic,
          topic === 'orders'
            ? {
                state: 'there' as const,
                topicId: 'id',
                starts: partitions.map(() => 0),
                ends: partitions.map((log) => log.length),
              }
            : topic === 'secret'
              ? { state: 'unready' as const, reason: 'the brokers do not let this user read it' }
              : { state: 'missing' as const },
        ]),
      ),
    read: async (_topic: string, partition: number, fromOffset: number) => {
      view.reads += 1;
      const log = partitions[partition]!;
      const next = Math.min(log.length, fromOffset + pageRecords);
      const messages = log.slice(fromOffset, next).flatMap((text, i) =>
        text === null
          ? []
          : [
              {
                offset: String(fromOffset + i),
                timestamp: '1700000000000',
                key: null,
                value: Buffer.from(text),
                headers: {},
                attributes: 0,
                magicByte: 2,
                isControlRecord: false,
                batchContext: { producerId: '-1', inTransaction: false },
                refusal: null,
              },
            ],
      );
      return { messages, next };
    },
    close: async () => undefined,
  };
  return view;
}

const offsetsOf = async (view: View, oldest: number, newest: number): Promise<string[]> => {
  const { records } = await samplerOn(view).sample('orders', { oldest, newest });
  return records.map(({ partition, offset }) => `${partition}/${offset}`);
};

describe('the sample of a topic', () => {
  it('has the oldest and the newest of each partition, each once', async () => {
    const log = Array.from({ length: 50 }, (_, i) => String(i));
    expect(await offsetsOf(viewOf([log, log]), 4, 6)).toEqual(
      [0, 1].flatMap((partition) => [0, 1, 47, 48, 49].map((offset) => `${partition}/${offset}`)),
    );
    expect(await offsetsOf(viewOf([log.slice(0, 3), []]), 10, 10)).toEqual(['0/0', '0/1', '0/2']);
  });

  it('goes back over what compaction took, and passes markers', async () => {
    const log = Array.from({ length: 100 }, (_, i) => (i < 60 || i === 80 ? String(i) : null));
    expect(await offsetsOf(viewOf([log]), 0, 3)).toEqual(['0/58', '0/59', '0/80']);
  });

  it('finds what compaction left far before the end', async () => {
    const log = Array.from({ length: 20_000 }, (_, i) => (i === 7 || i === 9 ? String(i) : null));
    expect(await offsetsOf(viewOf([log], 1_000), 0, 3)).toEqual(['0/7', '0/9']);
  });

  it('is bounded in partitions and reads', async () => {
    const view = viewOf(Array.from({ length: 1_000 }, () => ['a']));
    expect(await offsetsOf(view, 10, 10)).toHaveLength(24);
    expect(view.reads).toBeLessThan(100);
  });

  it('says what is wrong with a topic', async () => {
    const sampler = samplerOn(viewOf([]));
    await expect(sampler.sample('none', { oldest: 1, newest: 1 })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Topic none does not exist') as unknown,
    });
    await expect(sampler.sample('secret', { oldest: 1, newest: 1 })).rejects.toMatchObject({
      code: 'not_inspectable',
      message: 'Topic secret cannot be read: the brokers do not let this user read it.',
    });
  });

  it('says that reading is not allowed where seeing is', async () => {
    const refused = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
    const view: View = {
      ...viewOf([['a']]),
      read: () => Promise.reject(new UnavailableError('kafka', 'Kafka does not answer', { cause: refused })),
    };
    await expect(samplerOn(view).sample('orders', { oldest: 1, newest: 1 })).rejects.toMatchObject({
      code: 'not_inspectable',
      message: 'Topic orders cannot be read: the brokers do not let this user read it; allow Read.',
    });
  });
});
