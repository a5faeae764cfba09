import { logOffsets, type OffsetsNode } from './log-offsets';

type Request = Parameters<OffsetsNode['listOffsets']>[0];

/** Brokers whose logs start at 10 and end at 100, plus the partition; `broken`: topics that make a request fail. */
function brokers(broken: readonly string[] = []) {
  const requests: { node: number; request: Request }[] = [];
  const nodeOf = (node: number): Promise<OffsetsNode> =>
    Promise.resolve({
      listOffsets: (request) => {
        requests.push({ node, request });
        const failing = request.topics.find(({ topic }) => broken.includes(topic));
        if (failing) return Promise.reject(new Error(`${failing.topic} has another leader`));
        return Promise.resolve({
          responses: request.topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition, timestamp }) => ({
              partition,
              offset: String((timestamp === -1 ? 100 : 10) + partition),
            })),
          })),
        });
      },
    });
  return { nodeOf, requests };
}

const topic = (name: string, leaders: readonly number[]) => ({
  topic: name,
  partitions: leaders.map((leader, partition) => ({ partition, leader })),
});

test('asks each leader once for the starts and once for the ends of all topics', async () => {
  const { nodeOf, requests } = brokers();
  const found = await logOffsets(nodeOf, [topic('a', [1, 2]), topic('b', [2, 1, 2]), topic('c', [1])]);
  expect(requests.map(({ node }) => node).sort()).toEqual([1, 1, 2, 2]);
  expect(found.get('a')).toEqual({ starts: [10, 11], ends: [100, 101] });
  expect(found.get('b')).toEqual({ starts: [10, 11, 12], ends: [100, 101, 102] });
  expect(found.get('c')).toEqual({ starts: [10], ends: [100] });
});

test('a topic that makes requests fail does not hide the others', async () => {
  const found = await logOffsets(brokers(['b']).nodeOf, [topic('a', [1]), topic('b', [1]), topic('c', [1])]);
  expect(found.get('a')).toEqual({ starts: [10], ends: [100] });
  expect(found.get('b')).toEqual(new Error('b has another leader'));
  expect(found.get('c')).toEqual({ starts: [10], ends: [100] });
});

test('nothing is asked for no topics', async () => {
  const { nodeOf, requests } = brokers();
  expect(await logOffsets(nodeOf, [])).toEqual(new Map());
  expect(requests).toEqual([]);
});
