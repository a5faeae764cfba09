import fc from 'fast-check';
import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { alignDown, chooseStep, LADDER, stepsOf } from './ladder';
import { QueryEngine } from './query-engine';
import type { OverTime } from './metric';

/** Compares combining with a naive implementation, over random points, removals and missing measures. */

const T0 = 20_000 * DAY;
const METRIC = metricOf();
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
const INDEX: Readonly<Record<string, number>> = { value: 0, low: 1, high: 2, mean: 3, n: 4 };

interface Row {
  segment: string;
  site: string;
  minute: number;
  measures: (number | undefined)[];
  removed: boolean;
}

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const rows = fc
  .array(
    fc.record({
      segment: fc.constantFrom('a', 'b', 'c'),
      site: fc.constantFrom('x', 'y', ''),
      minute: fc.integer({ min: 0, max: 40 }),
      measures: fc.tuple(
        number,
        number,
        number,
        fc.option(number, { nil: undefined }),
        fc.integer({ min: 0, max: 9 }),
      ),
      removed: fc.boolean(),
    }),
    { maxLength: 80 },
  )
  .map((all) => [
    ...new Map(all.map((row): [string, Row] => [`${row.segment}/${row.site}/${row.minute}`, row])).values(),
  ]);

function storeOf(all: readonly Row[]): MemorySeriesStore {
  const store = new MemorySeriesStore();
  for (const { segment, site, minute, measures, removed } of all) {
    const start = T0 + minute * MINUTE;
    store.put([segment, site], start, start + MINUTE, [...measures, undefined, undefined, undefined], {
      removed,
    });
  }
  return store;
}

function engineOf(store: MemorySeriesStore): QueryEngine {
  return new QueryEngine([METRIC], store, LIMITS, () => T0 + DAY / 2);
}

/** Combines the members of one window in label order; undefined: no value. */
function naiveAcross(measure: string, members: readonly Row[]): number | undefined {
  const own = members.filter((row) => row.measures[INDEX[measure]!] !== undefined);
  const values = own.map((row) => row.measures[INDEX[measure]!]!);
  if (values.length <= 1) return values[0];
  if (measure === 'low') return Math.min(...values);
  if (measure === 'high') return Math.max(...values);
  if (measure === 'value') return values.reduce((a, b) => a + b);
  const count = own.reduce((sum, row) => sum + row.measures[4]!, 0);
  return count === 0 ? undefined : own.reduce((sum, row) => sum + row.measures[0]!, 0) / count;
}

function naiveOver(rule: OverTime, values: readonly number[]): number {
  switch (rule) {
    case 'sum':
      return values.reduce((a, b) => a + b);
    case 'avg':
      return values.reduce((a, b) => a + b) / values.length;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'last':
      return values.at(-1)!;
  }
}

const byLabels = (a: Row, b: Row): number =>
  a.segment < b.segment ? -1 : a.segment > b.segment ? 1 : a.site < b.site ? -1 : a.site > b.site ? 1 : 0;

function naive(
  all: readonly Row[],
  groupBy: readonly ('segment' | 'site')[],
  measure: string,
  windows: number,
  rule: OverTime,
) {
  const answer = new Map<string, Map<number, number>>();
  const alive = all.filter((row) => !row.removed).sort(byLabels);
  for (const key of [
    ...new Set(alive.map((row) => JSON.stringify(groupBy.map((name) => row[name])))),
  ].sort()) {
    const group = alive.filter((row) => JSON.stringify(groupBy.map((name) => row[name])) === key);
    const points = new Map<number, number>();
    for (let step = 0; step <= 40; step += windows) {
      const values: number[] = [];
      for (let minute = step; minute < step + windows; minute += 1) {
        const value = naiveAcross(
          measure,
          group.filter((row) => row.minute === minute),
        );
        if (value !== undefined) values.push(value);
      }
      if (values.length > 0) points.set(T0 + step * MINUTE, naiveOver(rule, values));
    }
    if (points.size > 0) answer.set(key, points);
  }
  return [...answer].map(([key, points]) => ({
    key,
    times: [...points.keys()],
    values: [...points.values()],
  }));
}

const grouping = fc.constantFrom<readonly ('segment' | 'site')[]>(
  [],
  ['segment'],
  ['site'],
  ['segment', 'site'],
);
const windows = fc.constantFrom(1, 2, 5, 10);

test('group, then step, gives to the bit what the naive way gives', async () => {
  const measured = fc.constantFrom<readonly [string, OverTime]>(
    ['value', 'avg'],
    ['value', 'sum'],
    ['value', 'last'],
    ['low', 'min'],
    ['high', 'max'],
    ['high', 'avg'],
    ['mean', 'max'],
    ['mean', 'last'],
  );
  await fc.assert(
    fc.asyncProperty(rows, grouping, measured, windows, async (all, groupBy, [measure, overTime], size) => {
      const engine = engineOf(storeOf(all));
      const ask = {
        metric: 'm',
        measure,
        overTime,
        groupBy,
        stepMs: size * MINUTE,
        fromMs: T0,
        toMs: T0 + DAY / 4,
      };
      const answer = await engine.query(ask, []);
      const found = answer.series.map(({ labels, times, values }) => ({
        key: JSON.stringify(groupBy.map((name) => labels[name])),
        times,
        values,
      }));
      expect(found).toEqual(naive(all, groupBy, measure, size, overTime));
    }),
    { numRuns: 200 },
  );
});

test('an average over time is all sums by all counts, or the one value there is', async () => {
  await fc.assert(
    fc.asyncProperty(rows, windows, async (all, size) => {
      const engine = engineOf(storeOf(all));
      const ask = {
        metric: 'm',
        measure: 'mean',
        groupBy: [],
        stepMs: size * MINUTE,
        fromMs: T0,
        toMs: T0 + DAY / 4,
      };
      const [series] = (await engine.query(ask, [])).series;
      const alive = all.filter((row) => !row.removed && row.measures[3] !== undefined);
      const steps = [...new Set(alive.map((row) => alignDown(row.minute, size)))].sort((a, b) => a - b);
      const expected = steps.flatMap((step) => {
        const members = alive.filter((row) => alignDown(row.minute, size) === step);
        if (members.length === 1) return [[T0 + step * MINUTE, members[0]!.measures[3]!]];
        const count = members.reduce((sum, row) => sum + row.measures[4]!, 0);
        const sum = members.reduce((total, row) => total + row.measures[0]!, 0);
        return count === 0 ? [] : [[T0 + step * MINUTE, sum / count]];
      });
      expect(series?.times ?? []).toEqual(expected.map(([time]) => time));
      // Sums by window first, then over time: the same but for the order of adding.
      (series?.values ?? []).forEach((value, index) => {
        const wanted = expected[index]![1]!;
        expect(Math.abs(value! - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
      });
    }),
  );
});

test('a value never depends on the range that was asked', async () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 45 }), fc.integer({ min: 0, max: 45 }));
  await fc.assert(
    fc.asyncProperty(rows, grouping, windows, range, async (all, groupBy, size, [one, other]) => {
      const engine = engineOf(storeOf(all));
      const selection = { metric: 'm', groupBy, stepMs: size * MINUTE, includeRevisions: true };
      const whole = await engine.query({ ...selection, fromMs: 0, toMs: T0 + DAY }, []);
      const fromMs = T0 + Math.min(one, other) * MINUTE;
      const toMs = T0 + Math.max(one, other) * MINUTE;
      const part = await engine.query({ ...selection, fromMs, toMs }, []);
      const expected = whole.series.map(({ labels, times, values, revisions }) => ({
        labels,
        points: times.flatMap((time, row) =>
          time >= fromMs && time < toMs ? [[time, values[row], revisions[row]]] : [],
        ),
      }));
      const found = part.series.map(({ labels, times, values, revisions }) => ({
        labels,
        points: times.map((time, row) => [time, values[row], revisions[row]]),
      }));
      expect(found.filter(({ points }) => points.length > 0)).toEqual(
        expected.filter(({ points }) => points.length > 0),
      );
    }),
  );
});

test('the ladder: the step is on it, not below what was asked, and the smallest that is so', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 * MINUTE }), (asked) => {
      const { stepMs, warnings } = chooseStep(METRIC, asked, 1, { fromMs: 0, toMs: DAY });
      const steps = stepsOf(METRIC);
      expect(steps).toEqual(LADDER.map((count) => count * MINUTE));
      expect(stepMs).toBe(steps.find((step) => step >= asked) ?? steps.at(-1));
      expect(warnings).toHaveLength(stepMs === asked ? 0 : 1);
      expect(chooseStep(METRIC, stepMs, undefined, { fromMs: 0, toMs: DAY })).toEqual({
        stepMs,
        warnings: [],
      });
    }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 0, max: 5 * DAY }),
      (maxPoints, length) => {
        const { stepMs } = chooseStep(METRIC, undefined, maxPoints, { fromMs: T0, toMs: T0 + length });
        const smaller = stepsOf(METRIC).filter((step) => step < stepMs);
        expect(length / stepMs <= maxPoints || stepMs === stepsOf(METRIC).at(-1)).toBe(true);
        for (const step of smaller) expect(Math.ceil(length / step)).toBeGreaterThan(maxPoints);
      },
    ),
  );
});
