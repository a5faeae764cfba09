import fc from 'fast-check';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import { FLAG_REMOVED, pointFlags, PointColumns } from '../../backend-bridge/src/domain/point';

/** Windows for the tests of steps, and the plainest way to say what they come to. */

export const MINUTE = 60_000;
export const T0 = 20_000 * 86_400_000;
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

export const anyNumber = fc.oneof(
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
