import { FieldType, type Field } from '@grafana/data';
import fc from 'fast-check';
import { CONTEXT } from '../testing/frames';
import { compare, percentText, towards } from './comparison';

const FIELD: Field = { name: 'last', type: FieldType.number, config: {}, values: [] };

describe('percentages', () => {
  test.each([
    [0, 0, '0%'],
    [5, 0, null],
    [-5, 0, null],
    [1, 100, '+1%'],
    [-50, 200, '−25%'],
    [50, -100, '+50%'],
    [1, 3, '+33.3%'],
    [0.001, 100, '+<0.01%'],
    [0.5, 99, '+0.51%'],
    [150, 100, '+150%'],
    [1e9, 1, '+>9999%'],
  ])('%d of %d is %s', (difference, base, text) => {
    expect(percentText(difference, base)).toBe(text);
  });

  test('the sign is always that of the change', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(number, number, (difference, base) => {
        const text = percentText(difference, base);
        if (difference === 0) return text === '0%';
        return text === null || text.startsWith(difference > 0 ? '+' : '−');
      }),
    );
  });
});

test('a change from 0 still has a difference', () => {
  expect(compare(FIELD, 5, 0, 'previous window', 'up', CONTEXT)).toMatchObject({
    absolute: '+5',
    percent: null,
    direction: 'up',
    good: true,
  });
});

test('no change is neither good nor bad', () => {
  expect(compare(FIELD, 0, 0, 'previous window', 'up', CONTEXT)).toMatchObject({
    direction: 'same',
    good: null,
    absolute: '0',
  });
});

test('a missing side is no comparison', () => {
  expect(compare(FIELD, null, 1, '', 'up', CONTEXT)).toBeNull();
  expect(compare(FIELD, 1, null, '', 'up', CONTEXT)).toBeNull();
});

describe('targets', () => {
  const at = (value: number | null, target: number | null, goodWhen: 'up' | 'down') =>
    towards(FIELD, value, target, goodWhen, CONTEXT);

  test('to reach', () => {
    expect(at(80, 100, 'up')).toMatchObject({ share: 0.8, reached: false });
    expect(at(100, 100, 'up')).toMatchObject({ share: 1, reached: true });
    expect(at(-5, 100, 'up')).toMatchObject({ share: 0, reached: false });
  });

  test('to stay below', () => {
    expect(at(80, 100, 'down')).toMatchObject({ share: 0.8, reached: true, atMost: true });
    expect(at(120, 100, 'down')).toMatchObject({ share: 1.2, reached: false });
    expect(at(0, 0, 'down')).toMatchObject({ share: 1, reached: true });
    expect(at(1, 0, 'down')).toMatchObject({ share: 2, reached: false });
  });

  test('without a value nothing is reached', () => {
    expect(at(null, 100, 'down')).toMatchObject({ share: 0, reached: false });
    expect(at(1, null, 'up')).toBeNull();
  });
});
