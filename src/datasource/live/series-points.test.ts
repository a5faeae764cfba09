import fc from 'fast-check';
import { seriesUpdate, type WrittenPoint } from '../testing/series-updates';
import { shuffled } from '../testing/shuffled';
import { SeriesPoints } from './series-points';

/** What was written, oldest first: its place is its revision. Null stands for a removal. */
interface Write {
  readonly time: number;
  readonly value: number | null;
}
const writes = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 40 }),
    value: fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }),
  }),
  { maxLength: 80 },
);
/** In which order and in how large pieces they come. */
const delivery = fc.record({ seed: fc.nat(), piece: fc.integer({ min: 1, max: 60 }) });

const point = (points: SeriesPoints): [number, number | null][] => {
  const { times, values } = points.between(-Infinity, Infinity);
  return times.map((time, i) => [time, values[i] ?? null]);
};

/** What must be known in the end: of each time the last write. */
function lastOf(all: readonly Write[]): [number, number][] {
  const last = new Map(all.map(({ time, value }) => [time, value]));
  return [...last]
    .flatMap(([time, value]): [number, number][] => (value === null ? [] : [[time, value]]))
    .sort(([a], [b]) => a - b);
}

type Numbered = Write & { readonly revision: number };
const numbered = (all: readonly Write[]): Numbered[] =>
  all.map((write, index) => ({ ...write, revision: index + 1 }));

/** One part of an answer or a message: of each time one write at most, in order of time or not. */
function parts(all: readonly Numbered[], piece: number, inOrder: boolean): Numbered[][] {
  const cut: Numbered[][] = [];
  for (let i = 0; i < all.length; i += piece) {
    const once = new Map(all.slice(i, i + piece).map((write) => [write.time, write]));
    const rest = all.slice(i, i + piece).filter((write) => once.get(write.time) !== write);
    for (const list of [[...once.values()], ...rest.map((write) => [write])]) {
      cut.push(inOrder ? list.sort((a, b) => a.time - b.time) : list);
    }
  }
  return cut;
}

function take(points: SeriesPoints, part: readonly Numbered[], stamp = 1): void {
  const kept = part.filter(({ value }) => value !== null);
  const removed = part.filter(({ value }) => value === null);
  points.take(
    seriesUpdate(
      kept.map(({ time, value, revision }): WrittenPoint => [time, value, revision]),
      removed.map(({ time, revision }): [number, number] => [time, revision]),
    ),
    stamp,
  );
}

test('whatever the order, and however often a part comes, of each time the last write is known', () => {
  fc.assert(
    fc.property(writes, delivery, fc.boolean(), (all, { seed, piece }, inOrder) => {
      const twice = shuffled([...numbered(all), ...numbered(all)], seed);
      const points = new SeriesPoints({});
      for (const part of parts(twice, piece, inOrder)) take(points, part);
      expect(point(points)).toEqual(lastOf(all));
    }),
    { numRuns: 500 },
  );
});

test('at every moment the times ascend, and none is there twice', () => {
  fc.assert(
    fc.property(writes, delivery, (all, { seed, piece }) => {
      const points = new SeriesPoints({});
      for (const part of parts(shuffled(numbered(all), seed), piece, false)) {
        take(points, part);
        const times = point(points).map(([time]) => time);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      }
    }),
    { numRuns: 300 },
  );
});

test('the version grows exactly when something that can be seen has changed', () => {
  fc.assert(
    fc.property(writes, delivery, (all, { piece }) => {
      const points = new SeriesPoints({});
      for (const part of parts(numbered(all), piece, true)) {
        const [before, version] = [point(points), points.version];
        take(points, part);
        take(points, part);
        const isSame = JSON.stringify(point(points)) === JSON.stringify(before);
        if (!isSame) expect(points.version).toBeGreaterThan(version);
        // A point that is written again with the value that it had is a change as well: of its revision.
        if (part.every(({ value }) => value === null) && isSame) expect(points.version).toBe(version);
        const settled = points.version;
        take(points, part);
        expect(points.version).toBe(settled);
      }
    }),
    { numRuns: 300 },
  );
});

const LONG = Array.from({ length: 100 }, (_, i): WrittenPoint => [2 * i, i, 1]);

test('a long answer does not undo the corrections that have come before it', () => {
  const points = new SeriesPoints({});
  points.take(
    seriesUpdate(
      [
        [50, -1, 9],
        [51, -2, 9],
        [1_000, -3, 9],
      ],
      [[60, 9]],
    ),
    1,
  );
  points.take(seriesUpdate(LONG), 2);
  const { times, values } = points.between(48, 62);
  expect(times).toEqual([48, 50, 51, 52, 54, 56, 58]);
  expect(values).toEqual([24, -1, -2, 26, 27, 28, 29]);
  expect(points.between(199, 2_000)).toEqual({ times: [1_000], values: [-3] });
});

test('a point that was removed comes back only with a higher revision', () => {
  const points = new SeriesPoints({});
  points.take(seriesUpdate([], [[5, 10]]), 1);
  points.take(seriesUpdate([[5, 1, 10]]), 2);
  expect(points.isEmpty).toBe(false);
  expect(point(points)).toEqual([]);
  points.take(seriesUpdate([[5, 2, 11]]), 3);
  expect(point(points)).toEqual([[5, 2]]);
});

test('an absent value is a point without a value, not zero', () => {
  const points = new SeriesPoints({});
  points.take(seriesUpdate([[5, null, 1]]), 1);
  expect(point(points)).toEqual([[5, null]]);
});

test('an answer drops what it lacks, except what came after its question and what lies outside its span', () => {
  const points = new SeriesPoints({});
  points.take(
    seriesUpdate([
      [1, 1, 1],
      [2, 2, 1],
      [3, 3, 1],
      [9, 9, 1],
    ]),
    4,
  );
  points.take(seriesUpdate([[4, 4, 2]]), 6);
  points.dropAbsent(1, 9, [2], 5);
  expect(point(points)).toEqual([
    [2, 2],
    [4, 4],
    [9, 9],
  ]);
});

test('trimming drops points and markers before, and nothing that is visible', () => {
  const points = new SeriesPoints({});
  points.take(
    seriesUpdate(
      [
        [1, 1, 1],
        [2, 2, 1],
        [3, 3, 1],
      ],
      [
        [0, 1],
        [5, 1],
      ],
    ),
    1,
  );
  const { version } = points;
  points.trim(2);
  expect(point(points)).toEqual([
    [2, 2],
    [3, 3],
  ]);
  expect(points.size).toBe(3);
  expect(points.version).toBe(version);
});

test('the points of a span are described by the first time, the last and their number', () => {
  const points = new SeriesPoints({});
  points.take(
    seriesUpdate([
      [10, 1, 1],
      [20, 2, 1],
      [30, 3, 1],
    ]),
    1,
  );
  expect(points.extent(10, 30)).toEqual({ first: 10, last: 20, count: 2 });
  expect(points.extent(11, 20)).toMatchObject({ count: 0 });
  expect(points.between(31, 100)).toEqual({ times: [], values: [] });
});

test('of two words on what is open, the later one holds', () => {
  const points = new SeriesPoints({});
  points.tellOpen(20, 7);
  points.tellOpen(10, 5);
  expect(points.openFromMs).toBe(20);
  points.tellOpen(null, 8);
  expect(points.openFromMs).toBeNull();
});

test('in a new store epoch every streamed point wins, and markers are gone', () => {
  const points = new SeriesPoints({});
  points.take(
    seriesUpdate(
      [
        [1, 1, 900],
        [2, 2, 900],
      ],
      [[3, 900]],
    ),
    1,
  );
  points.forgetRevisions();
  points.take(
    seriesUpdate([
      [1, 10, 1],
      [3, 30, 2],
    ]),
    2,
  );
  expect(point(points)).toEqual([
    [1, 10],
    [2, 2],
    [3, 30],
  ]);
});
