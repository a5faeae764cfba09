import type { WriteBatch } from '../../domain/store';
import type { PointWrite } from '../../domain/point';
import { liesLikeJava } from './slice';
import type { TopicFeed } from './topic-feed';

/** Key hash 4 is at home in 0 of 2 partitions and in 1 of 3. */
const feed = (...layouts: number[]): TopicFeed =>
  ({
    lanes: [
      {
        incarnations: {
          incarnations: layouts.map((count, index) => ({ number: index + 1, starts: Array(count).fill(0) })),
        },
      },
    ],
  }) as unknown as TopicFeed;

const writes = (...keyHashes: number[]): WriteBatch[] => [
  { points: keyHashes.map((keyHash) => ({ keyHash }) as PointWrite) } as unknown as WriteBatch,
];

describe('where keys lie', () => {
  it('is like Java where one of the numbers of partitions explains it', () => {
    expect(liesLikeJava(feed(2), 0, writes(4, 6))).toBe(true);
    expect(liesLikeJava(feed(2, 3), 1, writes(4, 1))).toBe(true);
  });

  it('is not where none does', () => {
    expect(liesLikeJava(feed(2), 1, writes(1, 4))).toBe(false);
    expect(liesLikeJava(feed(2, 3), 2, writes(4))).toBe(false);
  });

  it('says nothing of records without a key', () => {
    expect(liesLikeJava(feed(2), 1, writes(0))).toBe(true);
  });
});
