import fc from 'fast-check';
import { seriesUpdate } from '../testing/series-updates';
import { shuffled } from '../testing/shuffled';
import { LogicalClock, PointStore } from './point-store';
import { seriesKey } from './series-labels';
import type { SeriesUpdate } from './stream-message';

const EVERYTHING = { fromMs: -Infinity, toMs: Infinity };
const A = { segment: 'a' };
const B = { segment: 'b' };

type Shown = Record<string, [number, number | null][]>;

function shown(store: PointStore): Shown {
  const all: Shown = {};
  for (const [key, series] of store.series) {
    const { times, values } = series.between(-Infinity, Infinity);
    if (times.length > 0) all[key] = times.map((time, i) => [time, values[i] ?? null]);
  }
  return all;
}

/** The store of the bridge, with what it sends and answers. */
class Bridge {
  private revision = 0;
  private readonly points = new Map<
    string,
    { labels: Record<string, string>; values: Map<number, [number, number]> }
  >();

  write(labels: Record<string, string>, time: number, value: number): SeriesUpdate {
    const key = seriesKey(labels);
    const entry = this.points.get(key) ?? { labels, values: new Map<number, [number, number]>() };
    this.points.set(key, entry);
    this.revision += 1;
    entry.values.set(time, [value, this.revision]);
    return seriesUpdate([[time, value, this.revision]], [], { labels });
  }

  remove(labels: Record<string, string>, time: number): SeriesUpdate {
    this.revision += 1;
    this.points.get(seriesKey(labels))?.values.delete(time);
    return seriesUpdate([], [[time, this.revision]], { labels });
  }

  /** Old points pass their retention without a word. */
  expire(before: number): void {
    for (const { values } of this.points.values())
      for (const time of values.keys()) if (time < before) values.delete(time);
  }

  answer(): SeriesUpdate[] {
    return [...this.points.values()].flatMap(({ labels, values }) => {
      const sorted = [...values].sort(([a], [b]) => a - b);
      const points = sorted.map(([time, [value, revision]]) => [time, value, revision] as const);
      return points.length === 0 ? [] : [seriesUpdate(points, [], { labels })];
    });
  }

  get truth(): Shown {
    return Object.fromEntries(
      this.answer().map(({ labels, times, values }) => [
        seriesKey(labels),
        times.map((time, i) => [time, values[i] ?? null]),
      ]),
    );
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      series: fc.constantFrom(A, B),
      time: fc.nat(30),
      value: fc.nat(9),
      told: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      series: fc.constantFrom(A, B),
      time: fc.nat(30),
      told: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), before: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), arrives: fc.nat(6) }) },
);

test('however updates and answers overlap, get lost or come late, one answer after all makes it right', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new LogicalClock();
      const store = new PointStore(clock);
      const bridge = new Bridge();
      const waiting: { at: number; run: () => void }[] = [];
      const later = (at: number, run: () => void): void => void waiting.push({ at, run });
      steps.forEach((now, index) => {
        if (now.do === 'expire') bridge.expire(now.before);
        if (now.do === 'write' || now.do === 'remove') {
          const update =
            now.do === 'write'
              ? bridge.write(now.series, now.time, now.value)
              : bridge.remove(now.series, now.time);
          // 0: lost; 2: told at once and again later; 3: only later.
          if (now.told === 1 || now.told === 2) store.apply([update]);
          if (now.told >= 2) later(index + 4, () => store.apply([update]));
        }
        if (now.do === 'ask') {
          const askedAt = clock.now;
          const answer = bridge.answer();
          later(index + now.arrives, () => store.merge(answer, EVERYTHING, askedAt));
        }
        for (const { run } of waiting.filter(({ at }) => at === index)) run();
      });
      for (const { run } of waiting.filter(({ at }) => at >= steps.length)) run();
      store.merge(bridge.answer(), EVERYTHING, clock.now);
      expect(shown(store)).toEqual(bridge.truth);
    }),
    { numRuns: 500 },
  );
});

test('with every update delivered, in any order, no answer is needed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(A, B), fc.nat(20), fc.nat(9), fc.boolean()), { maxLength: 40 }),
      fc.nat(),
      (writes, seed) => {
        const bridge = new Bridge();
        const told = writes.map(([series, time, value, removes]) =>
          removes ? bridge.remove(series, time) : bridge.write(series, time, value),
        );
        const store = new PointStore(new LogicalClock());
        for (const update of shuffled(told, seed)) store.apply([update]);
        expect(shown(store)).toEqual(bridge.truth);
      },
    ),
    { numRuns: 300 },
  );
});

describe('an answer', () => {
  test('that was asked for before an update came does not take its point away', () => {
    const clock = new LogicalClock();
    const store = new PointStore(clock);
    const askedAt = clock.now;
    store.apply([seriesUpdate([[1, 1, 5]], [], { labels: A })]);
    store.merge([], EVERYTHING, askedAt);
    expect(shown(store)).toEqual({ [seriesKey(A)]: [[1, 1]] });
  });

  test('takes a series away that has passed its retention', () => {
    const clock = new LogicalClock();
    const store = new PointStore(clock);
    store.apply([seriesUpdate([[1, 1, 5]], [], { labels: A }), seriesUpdate([[1, 2, 6]], [], { labels: B })]);
    store.merge([seriesUpdate([[1, 2, 6]], [], { labels: B })], EVERYTHING, clock.now);
    expect([...store.series.keys()]).toEqual([seriesKey(B)]);
  });

  test('of a part of the range says nothing of the rest', () => {
    const clock = new LogicalClock();
    const store = new PointStore(clock);
    store.apply([
      seriesUpdate(
        [
          [1, 1, 5],
          [50, 2, 6],
        ],
        [],
        { labels: A },
      ),
    ]);
    store.merge([seriesUpdate([[60, 3, 7]], [], { labels: A })], { fromMs: 40, toMs: 100 }, clock.now);
    expect(shown(store)).toEqual({
      [seriesKey(A)]: [
        [1, 1],
        [60, 3],
      ],
    });
  });
});

describe('what is open', () => {
  test('closes in a series that an answer no longer has', () => {
    const clock = new LogicalClock();
    const store = new PointStore(clock);
    store.apply([seriesUpdate([[100, 1, 5]], [], { labels: A, openFromMs: 100 })]);
    store.merge([], { fromMs: 0, toMs: 50 }, clock.now);
    expect(store.series.get(seriesKey(A))?.openFromMs).toBeNull();
  });

  test('is what the stream has said last, not what an answer says that was asked for before', () => {
    const clock = new LogicalClock();
    const store = new PointStore(clock);
    store.apply([seriesUpdate([[100, 1, 5]], [], { labels: A, openFromMs: 100 })]);
    const askedAt = clock.now;
    store.apply([seriesUpdate([[100, 2, 6]], [], { labels: A })]);
    store.merge([seriesUpdate([[100, 1, 5]], [], { labels: A, openFromMs: 100 })], EVERYTHING, askedAt);
    expect(store.series.get(seriesKey(A))?.openFromMs).toBeNull();
  });
});

test('a message without any point makes no series', () => {
  const store = new PointStore(new LogicalClock());
  store.apply([seriesUpdate([], [], { labels: A })]);
  expect(store.series.size).toBe(0);
});

test('labels in another order are the same series', () => {
  const store = new PointStore(new LogicalClock());
  store.apply([seriesUpdate([[1, 1, 1]], [], { labels: { a: 'x', b: 'y' } })]);
  store.apply([seriesUpdate([[2, 2, 2]], [], { labels: { b: 'y', a: 'x' } })]);
  expect(store.series.size).toBe(1);
  expect(store.size).toBe(2);
});

test('trimming drops series that lie entirely before', () => {
  const store = new PointStore(new LogicalClock());
  store.apply([
    seriesUpdate([[1, 1, 1]], [[2, 1]], { labels: A }),
    seriesUpdate([[9, 1, 1]], [], { labels: B }),
  ]);
  store.trim(5);
  expect([...store.series.keys()]).toEqual([seriesKey(B)]);
});
