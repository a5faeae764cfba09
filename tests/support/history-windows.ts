import fc from 'fast-check';
import type { Metric, OverTime } from '../../backend-bridge/src/domain/metric';
import { FLAG_REMOVED, pointFlags, PointColumns } from '../../backend-bridge/src/domain/point';

/** Windows for the tests of steps, and the plainest way to say what they come to. */

export const MINUTE = 60_000;
/** In years to come: Redis deletes by its own clock, for which none of the tests' windows may have expired. */
export const T0 = 30_000 * 86_400_000;
export const MEASURES = ['value', 'low', 'high', 'mean', 'total', 'n'];

function measure(name: string, combine: Metric['measures'][number]['combine']): Metric['measures'][number] {
  const weighted = name === 'mean';
  return {
    name,
    title: name,
    description: '',
    unit: '',
    combine,
    sumFrom: weighted ? 'total' : null,
    countFrom: weighted ? 'n' : null,
    overTime: 'avg',
    optional: true,
    thresholds: [],
  };
}

/** A sum, a least, a largest value, and an average with its sum and count. */
export function historyMetric(change: Partial<Metric> = {}): Metric {
  return {
    name: 'm',
    title: '',
    description: '',
    kind: 'window',
    topic: 't',
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 },
    dimensions: [{ name: 'site', title: '', description: '' }],
    measures: [
      measure('value', 'sum'),
      measure('low', 'min'),
      measure('high', 'max'),
      measure('mean', 'avg'),
      measure('total', 'sum'),
      measure('n', 'sum'),
    ],
    event: null,
    retentionMs: 86_400_000,
    idleMs: MINUTE,
    finalOnly: false,
    maxSeries: 1_000,
    ...change,
  };
}

export interface Window {
  readonly series: number;
  readonly minute: number;
  readonly revision: number;
  readonly removed: boolean;
  readonly measures: readonly (number | undefined)[];
}

const anyNumber = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 4, arbitrary: fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, 1e300, 2 ** 53 + 2) },
);

/** At most one window for each series and minute, in order of series and minute. */
export function windowsArbitrary(minutes: number): fc.Arbitrary<Window[]> {
  return fc
    .array(
      fc.record({
        series: fc.nat(2),
        minute: fc.nat(minutes - 1),
        revision: fc.integer({ min: 1, max: 9 }),
        removed: fc.integer({ max: 5, min: 0 }).map((n) => n === 0),
        measures: fc.array(fc.option(anyNumber, { nil: undefined, freq: 8 }), { minLength: 6, maxLength: 6 }),
      }),
      { maxLength: 3 * minutes, size: 'max' },
    )
    .map((all) =>
      [...new Map(all.map((one): [string, Window] => [`${one.series}/${one.minute}`, one])).values()].sort(
        (a, b) => a.series - b.series || a.minute - b.minute,
      ),
    );
}

export function columnsOf(windows: readonly Window[]): PointColumns {
  const columns = new PointColumns(MEASURES.length);
  for (const { minute, revision, removed, measures } of windows) {
    const start = T0 + minute * MINUTE;
    const flags = pointFlags(measures, false) | (removed ? FLAG_REMOVED : 0);
    const row = columns.add(start, start + MINUTE, revision, flags, start, start);
    measures.forEach((value, index) => (columns.measures[index]![row] = value ?? 0));
  }
  return columns;
}

/** Every number as the decimal that it prints, added up over one common scale. */
export function plainSum(values: readonly number[]): number {
  const special = values.filter((value) => !Number.isFinite(value));
  if (special.length > 0) return special.reduce((a, b) => a + b);
  const parts = values.map((value) => {
    const [short, power] = value.toExponential().split('e') as [string, string];
    const [whole, fraction = ''] = short.split('.') as [string, string?];
    return { digits: BigInt(whole + fraction), power: Number(power) - fraction.length };
  });
  const least = Math.min(0, ...parts.map(({ power }) => power));
  const total = parts.reduce((sum, { digits, power }) => sum + digits * 10n ** BigInt(power - least), 0n);
  return Number(`${total}e${least}`) + 0;
}

/** One step by the plainest rule: first across series, then over time; undefined where it has no value. */
export function plainStep(windows: readonly Window[], measure: number, rule: OverTime): number | undefined {
  const own = windows
    .filter(({ removed, measures }) => !removed && measures[measure] !== undefined)
    .sort((a, b) => a.minute - b.minute || a.series - b.series);
  const values = own.map(({ measures }) => measures[measure]!);
  if (values.length === 0) return undefined;
  const minutes = new Set(own.map(({ minute }) => minute)).size;
  const weighted = MEASURES[measure] === 'mean';
  const average = (of: readonly Window[]): number | undefined => {
    if (of.length === 1) return of[0]!.measures[measure];
    const behind = (index: number): number[] => of.map(({ measures }) => measures[index] ?? Number.NaN);
    if (![...behind(4), ...behind(5)].every(Number.isFinite)) return undefined;
    const count = plainSum(behind(5));
    return count === 0 ? undefined : plainSum(behind(4)) / count;
  };
  switch (rule) {
    case 'sum':
      return plainSum(values);
    case 'avg':
      return weighted ? average(own) : plainSum(values) / minutes;
    case 'min':
      return values.reduce((a, b) => Math.min(a, b));
    case 'max':
      return values.reduce((a, b) => Math.max(a, b));
    case 'last': {
      const last = own.filter(({ minute }) => minute === own.at(-1)!.minute);
      if (last.length === 1) return last[0]!.measures[measure];
      const across = last.map(({ measures }) => measures[measure]!);
      if (MEASURES[measure] === 'low') return across.reduce((a, b) => Math.min(a, b));
      if (MEASURES[measure] === 'high') return across.reduce((a, b) => Math.max(a, b));
      if (!weighted) return across.reduce((a, b) => a + b);
      const sum = last.reduce((total, { measures }) => total + (measures[4] ?? Number.NaN), 0);
      const count = last.reduce((total, { measures }) => total + (measures[5] ?? Number.NaN), 0);
      return Number.isNaN(sum) || Number.isNaN(count) || count === 0 ? undefined : sum / count;
    }
  }
}

export function plainPoints(
  windows: readonly Window[],
  measure: number,
  rule: OverTime,
  step: number,
): { readonly time: number; readonly value: number | undefined; readonly revision: number }[] {
  const byStart = new Map<number, Window[]>();
  for (const window of windows) {
    const start = window.minute - (window.minute % step);
    const known = byStart.get(start);
    if (known === undefined) byStart.set(start, [window]);
    else known.push(window);
  }
  const starts = [...byStart].sort(([a], [b]) => a - b);
  return starts.map(([start, inStep]) => ({
    time: T0 + start * MINUTE,
    value: plainStep(inStep, measure, rule),
    revision: inStep.reduce((sum, { revision }) => sum + revision, 0),
  }));
}
