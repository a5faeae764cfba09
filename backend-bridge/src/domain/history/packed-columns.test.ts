import fc from 'fast-check';
import { ExactSums } from './exact-sums';
import { exactDecimals, packable } from './nearest-decimals';
import { ByteReader, ByteWriter } from './packed-bytes';
import { packIntegers, packSums, skipIntegers, skipSums, unpackIntegers, unpackSums } from './packed-columns';
import { packDoubles, skipDoubles, unpackDoubles, type Averages } from './packed-doubles';

const whole = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer(),
  fc.constantFrom(2 ** 50 - 1, -(2 ** 50) + 1, 0),
);
/** Added up in binary: 371.06999999999994 instead of 371.07. */
const amount = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: -9, max: 9 }))
  .map(([cents, ulps]) => (cents / 100) * (1 + ulps * Number.EPSILON));
const special = fc.constantFrom(
  ...[-0, 0, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324, 2 ** -1_022, 2 ** 53, 0.1 + 0.2],
  ...[Number.MAX_VALUE, -Number.MAX_VALUE, 1e21, 2 ** 50 / 100],
);
const cents = fc.integer().map((value) => value / 100);
const subnormal = fc.double({ min: -1e-308, max: 1e-308 });
const average = fc.tuple(amount, fc.integer({ min: 1, max: 60 })).map(([sum, count]) => sum / count);
const columnOf = (one: fc.Arbitrary<number>): fc.Arbitrary<number[]> => fc.array(one, { maxLength: 100 });
/** Of one kind, of one kind with few others, or of all kinds. */
const kinds = [fc.double(), cents, amount, average, subnormal, whole];
const column = fc.oneof(
  ...kinds.map(columnOf),
  ...kinds.map((kind) =>
    columnOf(fc.oneof({ weight: 20, arbitrary: kind }, { weight: 1, arbitrary: special })),
  ),
  columnOf(fc.oneof(special, ...kinds)),
);

function packed(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.finish();
}

describe('packed columns', () => {
  it('give every column of whole numbers back', () => {
    fc.assert(
      fc.property(fc.array(whole, { maxLength: 100 }), (values) => {
        const bytes = packed((out) => packIntegers(out, values));
        const input = new ByteReader(bytes);
        const back = new Float64Array(values.length + 1);
        unpackIntegers(input, values.length, back, 1);
        expect([...back]).toEqual([0, ...values]);
        expect(input.at).toBe(bytes.length);
        const skipped = new ByteReader(bytes);
        skipIntegers(skipped, values.length);
        expect(skipped.at).toBe(bytes.length);
      }),
    );
  });

  it('give every column of doubles back to the bit: -0, NaN, infinities, subnormals, beside any averages', () => {
    const counts = fc.integer({ min: 1, max: 60 });
    /** Of the values themselves, or others. */
    const averages = fc.record({
      own: fc.boolean(),
      scale: fc.nat(9),
      rows: fc.array(fc.tuple(whole, counts), { minLength: 100, maxLength: 100 }),
    });
    fc.assert(
      fc.property(column, averages, (values, { own, scale, rows }) => {
        const near = (value: number, count: number): number => Math.round(value * count * 10 ** scale) + 0;
        const behind: Averages = {
          sums: {
            scale,
            mantissas: rows.map(([sum, count], i) =>
              own && packable(near(values[i] ?? 0, count)) ? near(values[i] ?? 0, count) : sum,
            ),
          },
          counts: rows.map(([, count]) => count),
        };
        for (const given of [behind, null]) {
          const bytes = packed((out) => packDoubles(out, values, given));
          const input = new ByteReader(bytes);
          const back = new Float64Array(values.length + 1);
          unpackDoubles(input, values.length, back, 1, () => given!);
          expect(values.findIndex((value, i) => !Object.is(back[i + 1], value))).toBe(-1);
          expect(input.at).toBe(bytes.length);
          const skipped = new ByteReader(bytes);
          skipDoubles(skipped, values.length);
          expect(skipped.at).toBe(bytes.length);
        }
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  it('give exact sums back, and equal sums as equal bytes', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const some = fc.array(
      fc.oneof(
        number,
        fc.integer(),
        fc.integer().map((cents) => cents / 100),
      ),
      {
        maxLength: 5,
      },
    );
    const amounts = fc.array(amount, { maxLength: 5 });
    const rowsOf = (one: fc.Arbitrary<number[]>): fc.Arbitrary<number[][]> =>
      fc.array(one, { maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(rowsOf(some), rowsOf(amounts), rowsOf(fc.oneof(some, amounts))), (rows) => {
        const sumsOf = (order: (values: number[]) => number[]): ExactSums => {
          const sums = new ExactSums();
          for (const values of rows) {
            const row = sums.push();
            for (const value of order([...values])) sums.add(row, value);
          }
          return sums;
        };
        const sums = sumsOf((values) => values);
        const all = rows.map((_, row) => row);
        const bytes = packed((out) => packSums(out, sums, all));
        expect(
          packed((out) =>
            packSums(
              out,
              sumsOf((values) => values.reverse()),
              all,
            ),
          ),
        ).toEqual(bytes);
        const back = new ExactSums();
        unpackSums(new ByteReader(bytes), rows.length, back);
        for (const row of all) expect(back.canonical(row)).toEqual(sums.canonical(row));
        expect(packed((out) => packSums(out, back, all))).toEqual(bytes);
        const skipped = new ByteReader(bytes);
        skipSums(skipped, rows.length);
        expect(skipped.at).toBe(bytes.length);
      }),
      { seed: 13, numRuns: 200 },
    );
  });

  it('take about a byte for counts that move by some tens', () => {
    const values = Array.from({ length: 288 }, (_, i) => 500 + Math.round(40 * Math.sin(i * i)));
    expect(packed((out) => packIntegers(out, values)).length).toBeLessThan(288 * 1.1);
  });

  it('take less than three bytes for amounts that were added up in binary, and four for their exact sums', () => {
    const sums = new ExactSums();
    const values = Array.from({ length: 256 }, (_, i) => {
      const parts = Array.from({ length: 12 }, (__, j) => ((i * 37 + j * j * 17) % 997) / 100);
      sums.add(sums.push(), 0);
      return parts.reduce((sum, part) => {
        sums.add(i, sum + part);
        return sum + part;
      }, 0);
    });
    expect(exactDecimals(values)).toBeNull();
    expect(packed((out) => packDoubles(out, values)).length).toBeLessThan(256 * 3);
    const rows = values.map((_, row) => row);
    expect(packed((out) => packSums(out, sums, rows)).length).toBeLessThan(256 * 4);
  });
});
