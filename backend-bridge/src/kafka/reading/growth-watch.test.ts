import type { TopicView } from '../cluster/cluster-view';
import type { PointWrite } from '../../domain/point';
import type { WriteBatch } from '../../domain/store';
import { GrowthWatch } from './growth-watch';

/** Of 2 partitions key hash 4 is at home in 0, of 3 in 1. */
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
  it('is not looked at for keys that lie where a Java producer puts them', async () => {
    const { watch, looks } = watched(there('id', [9, 9, 9]));
    expect(await watch.isTopicCurrent('t', [batch(0, 2, [[5, KEY]])])).toBe(true);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, 0]])])).toBe(true);
    expect(looks()).toBe(0);
  });

  it('has grown when a key lies elsewhere and the brokers say so', async () => {
    const { watch } = watched(there('id', [9, 9, 9]));
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(false);
  });

  it('is another one when the brokers know another id, or none', async () => {
    expect(await watched(there('other', [9, 9])).watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(
      false,
    );
    expect(await watched({ state: 'missing' }).watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(
      false,
    );
  });

  it('is looked at once for all that was written before the look, and again for later records', async () => {
    const { watch, looks } = watched(there('id', [10, 10]), there('id', [20, 20, 1]));
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).toBe(true);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[8, KEY], [9, KEY]])])).toBe(true); // prettier-ignore
    expect(looks()).toBe(1);
    expect(await watch.isTopicCurrent('t', [batch(1, 2, [[9, KEY], [10, KEY]])])).toBe(false); // prettier-ignore
    expect(looks()).toBe(2);
  });

  it('is looked at anew for records that came while a look was under way, once for all of them', async () => {
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

  it('is not passed when no broker answers', async () => {
    const watch = new GrowthWatch({ describeTopics: () => Promise.reject(new Error('no answer')) });
    await expect(watch.isTopicCurrent('t', [batch(1, 2, [[5, KEY]])])).rejects.toThrow('no answer');
  });
});
