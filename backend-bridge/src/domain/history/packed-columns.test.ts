import fc from 'fast-check';
import { ExactSums } from './exact-sums';
import { ByteReader, ByteWriter } from './packed-bytes';
import {
  packDoubles,
  packIntegers,
  packSums,
  skipDoubles,
  skipIntegers,
  skipSums,
  unpackDoubles,
  unpackIntegers,
  unpackSums,
} from './packed-columns';

const whole = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer(),
  fc.constantFrom(2 ** 50 - 1, -(2 ** 50) + 1, 0),
);
const double = fc.oneof(
  fc.double(),
  fc.integer().map((cents) => cents / 100),
  fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53, 0.1 + 0.2),
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

  it('give every column of doubles back to the bit: -0, NaN, infinities, the largest and the smallest', () => {
    fc.assert(
      fc.property(fc.array(double, { maxLength: 100 }), (values) => {
        const bytes = packed((out) => packDoubles(out, values));
        const input = new ByteReader(bytes);
        const back = new Float64Array(values.length + 1);
        unpackDoubles(input, values.length, back, 1);
        values.forEach((value, i) => expect(Object.is(back[i + 1], value)).toBe(true));
        expect(input.at).toBe(bytes.length);
        const skipped = new ByteReader(bytes);
        skipDoubles(skipped, values.length);
        expect(skipped.at).toBe(bytes.length);
      }),
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
    fc.assert(
      fc.property(fc.array(some, { maxLength: 40 }), (rows) => {
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
        const skipped = new ByteReader(bytes);
        skipSums(skipped, rows.length);
        expect(skipped.at).toBe(bytes.length);
      }),
    );
  });

  it('take about a byte for counts that move by some tens', () => {
    const values = Array.from({ length: 288 }, (_, i) => 500 + Math.round(40 * Math.sin(i * i)));
    expect(packed((out) => packIntegers(out, values)).length).toBeLessThan(288 * 1.1);
  });
});
