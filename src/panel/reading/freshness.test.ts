import { dateTime, type TimeRange } from '@grafana/data';
import { fixedRangeEnd, spanText } from './freshness';

const range = (from: string, to: string, at: number): TimeRange => ({
  from: dateTime(at - 1000),
  to: dateTime(at),
  raw: { from, to },
});

test('a range to now moves on; others end', () => {
  expect(fixedRangeEnd(range('now-1h', 'now', 5000))).toBeNull();
  const absolute = { from: dateTime(0), to: dateTime(5000) };
  expect(fixedRangeEnd({ ...absolute, raw: absolute })).toBe(5000);
  expect(
    Math.abs((fixedRangeEnd(range('now-2h', 'now-1h', 5000)) ?? 0) - (Date.now() - 3_600_000)),
  ).toBeLessThan(5000);
});

test.each([
  [500, '500 ms'],
  [1500, '1.5 s'],
  [60_000, '1 min'],
  [90_000, '90 s'],
  [300_000, '5 min'],
  [3_600_000, '1 h'],
  [5_400_000, '90 min'],
  [86_400_000, '1 d'],
  [172_800_000, '2 d'],
])('%d ms is %s', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
