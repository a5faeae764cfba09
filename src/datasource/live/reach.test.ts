import fc from 'fast-check';
import { HOUR, NOON } from '../testing/live-stage';
import { reachBack } from './reach';

const DAY = 24 * HOUR;

test.each([
  ['five minutes', 300_000, HOUR],
  ['an hour', HOUR, HOUR],
  ['two hours', 2 * HOUR, 3 * HOUR],
  ['six hours', 6 * HOUR, 6 * HOUR],
  ['a day and a half', 1.5 * DAY, 2 * DAY],
  ['a week', 7 * DAY, 7 * DAY],
])('%s', (_, span, reach) => {
  expect(reachBack(NOON - span, NOON)).toBe(NOON - reach);
});

test('more than the longest reach is everything', () => {
  expect(reachBack(NOON - 31 * DAY, NOON)).toBe(0);
});

test('a range that was worked out a moment ago does not reach twice as far', () => {
  expect(reachBack(NOON - 3 - 6 * HOUR, NOON)).toBe(NOON - 3 - 6 * HOUR);
});

test('the whole range is always in reach', () => {
  fc.assert(
    fc.property(fc.integer({ min: -HOUR, max: 40 * DAY }), (span) => {
      expect(reachBack(NOON - span, NOON)).toBeLessThanOrEqual(NOON - span);
    }),
  );
});
