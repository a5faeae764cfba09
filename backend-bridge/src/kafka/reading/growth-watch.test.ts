import type { TopicView } from '../cluster/cluster-view';
import type { PointWrite } from '../../domain/point';
import type { WriteBatch } from '../../domain/store';
import { GrowthWatch } from './growth-watch';

/** Key hash 4 belongs to partition 0 of 2, and to 1 of 3. */
const KEY = 4;

function batch(
  partition: number,
  partitions: number,
  keys: readonly (readonly [number, number])[],
): WriteBatch {
  const points = keys.map(([offset, keyHash]) => ({ offset, keyHash }) as PointWrite);
  return { topicId: 'id', partition, partitions, points } as unknown as WriteBatch;
}

function watched(...views: TopicView[]): { watch: GrowthWatch; looks: () => number } {
  let looks = 0;
  const describeTopics = (): Promise<ReadonlyMap<string, TopicView>> => {
    const view = views[Math.min(looks, views.length - 1)]!;
    looks += 1;
    return Promise.resolve(new Map([['t', view]]));
  };
  return { watch: new GrowthWatch({ describeTopics }), looks: () => looks };
}

const there = (topicId: string, ends: number[]): TopicView => ({
  state: 'there',
  topicId,
  ends,
  starts: ends.map(() => 0),
});

describe('a topic that may have grown', () => {
  it('is not described for keys in their default partition', async () => {
    const { watch, looks } = watched(there('id', [9, 9, 9]));
    expect(await watch.isTopicCurrent('t', [batch(0, 2, [[5, KEY]])])).toBe(true);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, 0]])])).toBe(true);
    expect(looks()).toBe(0);
  });

  it('has grown when a key is in another partition and the brokers confirm it', async () => {
    const { watch } = watched(there('id', [9, 9, 9]));
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(false);
  });

  it('was replaced when the brokers return another id, or none', async () => {
    expect(await watched(there('other', [9, 9])).watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(
      false,
    );
    expect(await watched({ state: 'missing' }).watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(
      false,
    );
  });

  it('is described once for all earlier records, and again for later ones', async () => {
    const { watch, looks } = watched(there('id', [10, 10]), there('id', [20, 20, 1]));
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(true);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[8, KEY], [9, KEY]])])).toBe(true); // prettier-ignore
    expect(looks()).toBe(1);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[9, KEY], [10, KEY]])])).toBe(false); // prettier-ignore
    expect(looks()).toBe(2);
  });

  it('is described again, once, for records that arrived during a request', async () => {
    const answers: ((views: ReadonlyMap<string, TopicView>) => void)[] = [];
    const watch = new GrowthWatch({ describeTopics: () => new Promise((resolve) => answers.push(resolve)) });
    const first = watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])]);
    const later = [
      watch.isTopicCurrent('t', [batch(1, 2, [[6, KEY]])]),
      watch.isTopicCurrent('t', [batch(1, 2, [[7, KEY]])]),
    ];
    answers[0]!(new Map([['t', there('id', [6, 6])]]));
    expect(await first).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toHaveLength(2);
    answers[1]!(new Map([['t', there('id', [8, 8, 0])]]));
    expect(await Promise.all(later)).toEqual([false, false]);
  });

  it('rejects when no broker answers', async () => {
    const watch = new GrowthWatch({ describeTopics: () => Promise.reject(new Error('no answer')) });
    await expect(watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).rejects.toThrow('no answer');
  });
});
