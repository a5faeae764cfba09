import { MetricAggregate } from './aggregate';
import { UnavailableError } from '../domain/errors';
import type { PointChange } from '../domain/store';
import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, MINUTE, measureOf, metricOf } from '../../../tests/support/sample-metrics';

describe('aggregate of one metric', () => {
  const start = Date.UTC(2026, 0, 2);
  const metric = metricOf({
    dimensions: [{ name: 'segment', title: '', description: '' }],
    measures: [measureOf('value')],
  });
  let now: number;
  let store: MemorySeriesStore;
  let aggregate: MetricAggregate;
  const put = (segment: string, startMs: number, value: number, updatedMs: number): void => {
    store.put([segment], startMs, startMs + MINUTE, [value], { updatedMs });
    aggregate.changed([{ values: [segment], startMs } as unknown as PointChange]);
  };

  beforeEach(() => {
    now = start + 10 * MINUTE;
    store = new MemorySeriesStore();
    aggregate = new MetricAggregate(
      metric,
      () => true,
      store,
      () => now,
    );
  });

  test('counts each point once with its newest value; a change re-reads only its windows', async () => {
    expect(await aggregate.current()).toBeNull();
    put('a', start, 1, 10);
    put('a', start, 5, 20);
    put('b', start + MINUTE, 3, 15);
    expect(await aggregate.current()).toEqual({
      count: 2,
      sum: 8,
      min: 3,
      max: 5,
      avg: 4,
      last_update: '2026-01-02T00:00:00.000Z',
      last_value: 5,
    });
    store.reads.length = 0;
    expect(await aggregate.current()).toMatchObject({ count: 2 });
    expect(store.reads).toHaveLength(0);
    put('b', start + MINUTE, 4, 30);
    expect(await aggregate.current()).toMatchObject({ sum: 9, last_value: 4 });
    expect(store.reads).toHaveLength(1);
    expect(store.reads[0]!.toMs - store.reads[0]!.fromMs).toBe(MINUTE);
  });

  test('sums exactly in decimal where the metric has a history, as its queries do', async () => {
    const history = [{ stepMs: 5 * MINUTE, keepMs: 35 * DAY }];
    const kept = new MetricAggregate(
      { ...metric, history },
      () => true,
      store,
      () => now,
    );
    for (const [i, value] of [0.1, 0.2, 0.3].entries()) put('a', start + i * MINUTE, value, i);
    expect(await kept.current()).toMatchObject({ sum: 0.6 });
    expect(await aggregate.current()).toMatchObject({ sum: 0.1 + 0.2 + 0.3 });
  });

  test('gives the same bits for any order of changes', async () => {
    const values = Array.from({ length: 50 }, (_, i) => ({
      at: start + (i % 10) * MINUTE,
      value: 0.1 * i + 1e10,
    }));
    for (const [i, { at, value }] of values.entries()) put(`s${i % 5}`, at, value, i);
    const first = await aggregate.current();
    const other = new MetricAggregate(
      metric,
      () => true,
      store,
      () => now,
    );
    expect(await other.current()).toEqual(first);
  });

  test('counts a window ahead of the clock, stored before or after the first read', async () => {
    put('a', start + 45 * MINUTE, 1, 10);
    expect(await aggregate.current()).toMatchObject({ count: 1 });
    put('a', start + 50 * MINUTE, 2, 20);
    expect(await aggregate.current()).toMatchObject({ count: 2 });
  });

  test('points expire with their windows', async () => {
    put('a', start, 1, 10);
    put('a', start + MINUTE, 2, 20);
    expect(await aggregate.current()).toMatchObject({ count: 2 });
    now = start + MINUTE + DAY;
    expect(await aggregate.current()).toMatchObject({ count: 1, sum: 2 });
    now += MINUTE;
    expect(await aggregate.current()).toBeNull();
  });

  test('drops a removed point; counts a non-finite value without adding it to the sum', async () => {
    put('a', start, Number.NaN, 10);
    put('b', start, 2, 5);
    expect(await aggregate.current()).toMatchObject({ count: 2, sum: 2, avg: 2, last_value: null });
    store.remove(['a'], start);
    aggregate.changed([{ values: ['a'], startMs: start } as unknown as PointChange]);
    expect(await aggregate.current()).toMatchObject({ count: 1, last_value: 2 });
  });

  test('shares a read between callers, never one that began before them; does not cache a failure', async () => {
    put('a', start, 1, 10);
    const read = store.read.bind(store);
    let fail = true;
    store.read = (...args) => (fail ? Promise.reject(new UnavailableError('store', 'gone')) : read(...args));
    await expect(aggregate.current()).rejects.toThrow('gone');
    fail = false;
    const early = aggregate.current();
    const calls = store.reads.length;
    await Promise.resolve();
    put('a', start, 2, 20);
    const late = await Promise.all([aggregate.current(), aggregate.current(), aggregate.current()]);
    await early;
    expect(late).toMatchObject([{ sum: 2 }, { sum: 2 }, { sum: 2 }]);
    expect(store.reads.length - calls).toBeLessThanOrEqual(2);
  });
});
