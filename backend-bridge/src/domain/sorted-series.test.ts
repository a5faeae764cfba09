import type { Series } from './series';
import { SortedSeries } from './sorted-series';

/** A series that counts how often its label is compared. */
function counted(id: number, text: string, reads: { count: number }): Series {
  const values: string[] = [];
  Object.defineProperty(values, 0, {
    get: () => {
      reads.count += 1;
      return text;
    },
  });
  return { id, values };
}

describe('series in label order', () => {
  it('are in order whenever they come, and a list that was handed out stays as it is', () => {
    const held = new Set<Series>();
    const order = new SortedSeries((series) => held.has(series));
    const add = (id: number, ...values: string[]): Series => {
      const series = { id, values };
      held.add(series);
      order.add(series);
      return series;
    };
    add(1, 'm');
    add(2, 'b', 'x');
    const first = order.list();
    expect(first.map(({ id }) => id)).toEqual([2, 1]);
    const gone = add(3, 'z');
    add(4, 'b');
    add(5, 'n');
    expect(order.list().map(({ id }) => id)).toEqual([4, 2, 1, 5, 3]);
    held.delete(gone);
    order.dropUnheld();
    add(3, 'a');
    expect(order.list().map(({ id, values }) => `${id}${values[0]!}`)).toEqual([
      '3a',
      '4b',
      '2b',
      '1m',
      '5n',
    ]);
    expect(first.map(({ id }) => id)).toEqual([2, 1]);
  });

  it('take a new one without comparing all of them', () => {
    const reads = { count: 0 };
    const order = new SortedSeries(() => true);
    for (let id = 0; id < 10_000; id += 1) order.add(counted(id, `user-${(id * 7_919) % 10_000}`, reads));
    order.list();
    reads.count = 0;
    order.add(counted(10_000, 'user-5000-new', reads));
    const list = order.list();
    expect(list).toHaveLength(10_001);
    // Two reads a comparison; a binary search over 10,000 takes 14 of them.
    expect(reads.count).toBeLessThan(60);
  });
});
