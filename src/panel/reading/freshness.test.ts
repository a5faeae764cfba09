import { dateTime, type TimeRange } from '@grafana/data';
import { fixedRangeEnd, spanText } from './freshness';

const range = (from: string, to: string, at: number): TimeRange => ({
  from: dateTime(at - 1000),
  to: dateTime(at),
  raw: { from, to },
});

test('a range to now moves on; others end', () => {
  expect(fixedRangeEnd(range('now-1h', 'now', 5000), 'utc')).toBeNull();
  const absolute = { from: dateTime(0), to: dateTime(5000) };
  expect(fixedRangeEnd({ ...absolute, raw: absolute }, 'utc')).toBe(5000);
  expect(
    Math.abs((fixedRangeEnd(range('now-2h', 'now-1h', 5000), 'utc') ?? 0) - (Date.now() - 3_600_000)),
  ).toBeLessThan(5000);
});

test('a range to the end of a day, a week or a month ends there, by the wall clock of the time zone', () => {
  const now = Date.now();
  const HOUR = 3_600_000;
  for (const unit of ['d', 'w', 'M', 'y']) {
    expect(fixedRangeEnd(range(`now/${unit}`, `now/${unit}`, 5000), 'utc')).toBeGreaterThanOrEqual(now);
  }
  const yesterday = range('now-1d/d', 'now-1d/d', 5000);
  expect((fixedRangeEnd(yesterday, 'utc')! + 1) % (24 * HOUR)).toBe(0);
  // India is five and a half hours ahead of UTC all the year.
  expect((fixedRangeEnd(yesterday, 'Asia/Kolkata')! + 1) % (24 * HOUR)).toBe(18.5 * HOUR);
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
