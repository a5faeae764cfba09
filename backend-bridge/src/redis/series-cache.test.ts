import type { RedisLink } from './redis-link';
import { SeriesCache } from './series-cache';

/** A cache over the index as it is in Redis: keys by id. */
function cacheOf(index: Map<number, string>) {
  const conflict = jest.fn(() => Promise.resolve());
  const link = {
    zrangeByScore: async (_key: string, after: string) =>
      [...index].filter(([id]) => id > Number(after.slice(1))).flatMap(([id, key]) => [key, String(id)]),
  } as unknown as RedisLink;
  const cache = new SeriesCache(link, 'series', { confirm: () => Promise.resolve(), conflict });
  return { cache, conflict };
}

const key = (...values: string[]): string => JSON.stringify(values);
const names = async (cache: SeriesCache): Promise<string[][]> =>
  (await cache.list()).map(({ values }) => [...values]);

describe('the cache of a metric’s series', () => {
  it('never takes an id as another series', async () => {
    const index = new Map([[1, key('a')]]);
    const { cache, conflict } = cacheOf(index);
    expect(await names(cache)).toEqual([['a']]);
    expect(cache.add(1, key('b'))).toBe(false);
    expect(cache.valuesOf(1)).toEqual(['a']);
    index.set(1, key('b'));
    cache.invalidate();
    conflict.mockImplementation(async () => cache.clear());
    expect(await names(cache)).toEqual([['b']]);
    expect(conflict).toHaveBeenCalledTimes(1);
  });

  it('reads the index again after a gap, and forgets what is gone', async () => {
    const index = new Map([1, 2].map((id) => [id, key(`s${id}`)]));
    const { cache } = cacheOf(index);
    expect(await names(cache)).toEqual([['s1'], ['s2']]);
    index.delete(1);
    index.set(3, key('s3'));
    expect(await names(cache)).toEqual([['s1'], ['s2']]);
    cache.invalidate();
    expect(await names(cache)).toEqual([['s2'], ['s3']]);
  });
});
