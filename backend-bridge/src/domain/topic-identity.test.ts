import { incarnationOf } from './store';
import { nextTopic, type KnownTopic } from './topic-identity';

function taken(stored: KnownTopic | null, topicId: string, ends: number[]): KnownTopic {
  const next = nextTopic(stored, { topic: 't', topicId, ends });
  if (next === 'stale') throw new Error('stale');
  return next;
}

describe('nextTopic', () => {
  const first = taken(null, 'A', [5, 9]);

  it('begins a new topic at offset 0 whatever is in it already', () => {
    expect(first).toEqual({
      topicId: 'A',
      partitions: 2,
      incarnations: [{ number: 1, starts: [0, 0] }],
      past: [],
    });
  });

  it('keeps the same topic as it is', () => {
    expect(taken(first, 'A', [50, 90])).toBe(first);
  });

  it('continues a grown topic at its ends, and old records keep their incarnation', () => {
    const grown = taken(first, 'A', [50, 90, 0]);
    expect(grown.incarnations).toEqual([
      { number: 1, starts: [0, 0] },
      { number: 2, starts: [50, 90, 0] },
    ]);
    expect([incarnationOf(grown, 0, 49), incarnationOf(grown, 0, 50), incarnationOf(grown, 2, 0)]).toEqual([
      1, 2, 2,
    ]);
  });

  it('orders the records of a key that moved when the topic grew, whoever knew of it first', () => {
    const grown = taken(first, 'A', [50, 90, 0]);
    const moved = 4; // of 2 partitions at home in 0, of 3 in 1
    // Written with the new count before the store knew it, and with the old one after.
    expect(incarnationOf(grown, 1, 85, moved)).toBe(2);
    expect(incarnationOf(grown, 0, 60, moved)).toBe(1);
    // Where neither count explains the placement, and for a key that did not move, the offset decides.
    expect(incarnationOf(grown, 2, 0, moved)).toBe(2);
    const stayed = 6; // at home in 0 either way
    expect([incarnationOf(grown, 0, 49, stayed), incarnationOf(grown, 0, 50, stayed)]).toEqual([1, 2]);
  });

  it('takes fewer partitions, or an id from before, for a stale view', () => {
    expect(nextTopic(first, { topic: 't', topicId: 'A', ends: [5] })).toBe('stale');
    const remade = taken(first, 'B', [0]);
    expect(nextTopic(remade, { topic: 't', topicId: 'A', ends: [5, 9] })).toBe('stale');
  });

  it('numbers a remade topic on, and knows only its own incarnations', () => {
    const remade = taken(taken(first, 'A', [50, 90, 0]), 'B', [3]);
    expect(remade).toEqual({
      topicId: 'B',
      partitions: 1,
      incarnations: [{ number: 3, starts: [0] }],
      past: ['A'],
    });
  });

  it('remembers a bounded number of ids', () => {
    let topic = first;
    for (let i = 0; i < 100; i += 1) topic = taken(topic, `id-${i}`, [0]);
    expect(topic.past).toHaveLength(64);
    expect(topic.incarnations).toEqual([{ number: 101, starts: [0] }]);
  });

  it('ends where a slot has no room for the number', () => {
    const last: KnownTopic = { ...first, incarnations: [{ number: 0xffff, starts: [0, 0] }] };
    expect(() => nextTopic(last, { topic: 't', topicId: 'B', ends: [0] })).toThrow(RangeError);
  });
});
