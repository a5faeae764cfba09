import fc from 'fast-check';
import { metricOf } from '../../../tests/support/sample-metrics';
import { RequestError } from './errors';
import { canonicalFilters, checkFilters, FilterCompiler, isPinned } from './filter';
import type { Filter } from './selection';

const METRIC = metricOf();
const on = (op: Filter['op'], ...values: string[]): Filter => ({ dimension: 'segment', op, values });
const selects = (...filters: Filter[]) => new FilterCompiler().compile(METRIC, filters).selects;

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('filters', () => {
  test('= any of the values, != none of them', () => {
    expect(['a', 'b', 'c'].map((value) => selects(on('=', 'a', 'b'))([value, '']))).toEqual([
      true,
      true,
      false,
    ]);
    expect(['a', 'b', 'c'].map((value) => selects(on('!=', 'a', 'b'))([value, '']))).toEqual([
      false,
      false,
      true,
    ]);
    expect([selects(on('='))(['a', '']), selects(on('!='))(['a', ''])]).toEqual([false, true]);
  });

  test('=~ and !~ match in full, any of the patterns', () => {
    const texts = ['gold', 'golden', 'old', 'ab'];
    expect(texts.map((text) => selects(on('=~', 'gol', 'gold', 'a|ab'))([text, '']))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(texts.map((text) => selects(on('!~', '.*old'))([text, '']))).toEqual([false, true, false, true]);
    expect(selects(on('=~', '(?i)GOLD'))(['gold', ''])).toBe(true);
  });

  test('a missing label is the empty string', () => {
    expect([selects(on('=', ''))([]), selects(on('=~', '.+'))([]), selects(on('!=', ''))([])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('a series must pass all of them', () => {
    const both = selects(on('!=', 'a'), { dimension: 'site', op: '=', values: ['x'] });
    expect([both(['b', 'x']), both(['a', 'x']), both(['b', 'y'])]).toEqual([true, false, false]);
  });

  test.each([
    '[',
    '(?=a)',
    'a\\1',
    '(a{1000}){1000}',
    'x'.repeat(1_001),
    '('.repeat(900),
    '(?:(?:.?.?.?){100}){9}',
  ])('pattern %#: invalid_regex', (pattern) => {
    expect(codeOf(() => selects(on('=~', pattern)))).toBe('invalid_regex');
  });

  test('many patterns are bounded together, and refused before all are compiled', () => {
    const patterns = Array.from({ length: 1_000 }, (_, index) => `.{0,100}${index}`);
    const begun = performance.now();
    expect(codeOf(() => selects(on('=~', ...patterns)))).toBe('invalid_regex');
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  test.each(['(a+)+b', '(a|aa)+$', '(a|a?)+b', '((a*)*)*b', '(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]'])(
    'matches a pattern quickly on which backtracking engines explode: %s',
    (pattern) => {
      const test = selects(on('=~', pattern));
      const begun = performance.now();
      expect(test(['a'.repeat(4_000), ''])).toBe(pattern === '(a|aa)+$');
      expect(performance.now() - begun).toBeLessThan(20_000);
    },
  );

  test('a label too long to be matched passes neither =~ nor !~', () => {
    const long = 'a'.repeat(4_097);
    expect([selects(on('=~', 'a*'))([long]), selects(on('!~', 'b'))([long])]).toEqual([false, false]);
  });

  test('too many filters or values, or an operator that is none, are refused', () => {
    expect(
      codeOf(() =>
        checkFilters(
          METRIC,
          Array.from({ length: 51 }, () => on('=', 'a')),
        ),
      ),
    ).toBe('invalid_filter');
    expect(codeOf(() => checkFilters(METRIC, [on('=', ...Array.from({ length: 10_000 }, String))]))).toBe(
      'invalid_filter',
    );
    expect(codeOf(() => checkFilters(METRIC, [on('>' as '=', 'a')]))).toBe('invalid_filter');
    expect(codeOf(() => checkFilters(METRIC, [on('=', 'a'.repeat(4_097))]))).toBe('invalid_filter');
  });

  test('pinned: = leaves at most one value', () => {
    expect(isPinned('segment', [on('=', 'a', 'a')])).toBe(true);
    expect(isPinned('segment', [on('=', 'a', 'b')])).toBe(false);
    expect(isPinned('segment', [on('=', 'a', 'b'), on('=', 'b', 'c')])).toBe(true);
    expect(isPinned('segment', [on('=~', 'a')])).toBe(false);
    expect(isPinned('site', [on('=', 'a')])).toBe(false);
  });

  test('the canonical form selects the same and does not depend on order', () => {
    const filter = fc.record({
      dimension: fc.constantFrom('segment', 'site'),
      op: fc.constantFrom<Filter['op']>('=', '!='),
      values: fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 }),
    });
    const value = fc.constantFrom('a', 'b', 'c', '');
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 4 }), fc.tuple(value, value), (filters, values) => {
        const canonical = canonicalFilters(filters);
        expect(canonicalFilters([...filters].reverse())).toEqual(canonical);
        const naive = filters.every(
          ({ dimension, op, values: wanted }) =>
            wanted.includes(values[dimension === 'segment' ? 0 : 1]) === (op === '='),
        );
        expect(selects(...filters)(values)).toBe(naive);
        expect(selects(...canonical)(values)).toBe(naive);
      }),
    );
  });
});
