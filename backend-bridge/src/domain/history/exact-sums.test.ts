import fc from 'fast-check';
import { ExactSums } from './exact-sums';
import { plainSum } from '../../../../tests/support/history-windows';

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
  fc.constantFrom(0, -0, 5e-324, 1.7976931348623157e308, 0.1, 0.2, 2 ** 53, 1e22, 1e23),
);

function sumOf(values: readonly number[]): ExactSums {
  const sums = new ExactSums();
  const row = sums.push();
  for (const value of values) sums.add(row, value);
  return sums;
}

describe('exact sums', () => {
  it('are the decimal sum, rounded once', () => {
    expect(sumOf([0.1, 0.2]).number(0)).toBe(0.3);
    expect(sumOf([1e308, 1e308, -1e308]).number(0)).toBe(1e308);
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 40 }), (values) => {
        expect(sumOf(values).number(0)).toBe(plainSum(values));
      }),
    );
  });

  it('do not depend on the order, nor on how they were put together', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { maxLength: 40 }),
        fc.nat(40),
        fc.infiniteStream(fc.nat()),
        (values, cut, keys) => {
          const shuffled = values.map((value) => ({ value, key: keys.next().value as number }));
          shuffled.sort((a, b) => a.key - b.key);
          const whole = sumOf(shuffled.map(({ value }) => value));
          const parts = new ExactSums();
          const row = parts.push();
          parts.addRows(Int32Array.of(row), sumOf(values.slice(cut)));
          parts.addRows(Int32Array.of(row), sumOf(values.slice(0, cut)));
          expect(parts.number(row)).toBe(whole.number(0));
          expect(parts.canonical(row)).toEqual(whole.canonical(0));
          expect(parts.plain(row)).toEqual(whole.plain(0));
        },
      ),
    );
  });

  it('of rows, added column by column and then in total, are those of all the numbers', () => {
    const columns = fc.array(fc.array(finite, { minLength: 4, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(columns, fc.nat(4), (all, from) => {
        const sums = new ExactSums();
        sums.push(5);
        for (const values of all) {
          const column = new ExactSums();
          values.forEach((value) => column.add(column.push(), value));
          sums.addRows(
            Int32Array.from(values.slice(from), (_, i) => from + i),
            column,
            from,
          );
        }
        for (let row = 0; row < 4; row += 1) {
          expect(sums.number(row)).toBe(plainSum(row < from ? [] : all.map((values) => values[row]!)));
        }
        expect(sums.total(0, 5)).toBe(plainSum(all.flatMap((values) => values.slice(from))));
      }),
    );
  });
});
