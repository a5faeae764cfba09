import type { Calendar, Window } from './metric';
import { windowGrid } from './windows';

const MINUTE = 60_000;
const at = (iso: string): number => Date.parse(iso);
const fixed: Window = { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 };
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

describe('windows with an offset', () => {
  const grid = windowGrid({ ...fixed, offsetMs: 42_000 });

  it('begin at their offset, and nowhere else', () => {
    const start = at('2026-11-30T16:00:42Z');
    expect(grid.misfit(start)).toBeNull();
    expect(grid.startAt(start + 59_999)).toBe(start);
    expect(grid.startAt(start - 1)).toBe(start - MINUTE);
    expect(grid.startBefore(grid.endOf(start))).toBe(start);
    expect(grid.misfit(start + 1_000)).toContain('say `offset: 43s`');
  });
});

describe('calendar windows', () => {
  const days = (timeZone: string, unit: Calendar['unit'] = 'day') =>
    windowGrid({ ...fixed, calendar: { unit, timeZone } });

  it.each([
    ['a day of 23 hours', 'Europe/Berlin', 'day', '2026-03-28T23:00', '2026-03-29T22:00'],
    ['a day of 25 hours', 'Europe/Berlin', 'day', '2026-10-24T22:00', '2026-10-25T23:00'],
    ['a day without midnight', 'America/Santiago', 'day', '2026-09-06T04:00', '2026-09-07T03:00'],
    ['a day that begins at a half hour', 'Asia/Kolkata', 'day', '2026-11-29T18:30', '2026-11-30T18:30'],
    ['a week with 167 hours', 'Europe/Berlin', 'week', '2026-03-22T23:00', '2026-03-29T22:00'],
    ['February', 'America/New_York', 'month', '2028-02-01T05:00', '2028-03-01T05:00'],
    [
      'March, in which the clocks change',
      'America/New_York',
      'month',
      '2026-03-01T05:00',
      '2026-04-01T04:00',
    ],
    ['December', 'UTC', 'month', '2026-12-01T00:00', '2027-01-01T00:00'],
  ] as const)('%s (%s, %s)', (_, zone, unit, start, end) => {
    const grid = days(zone, unit);
    const startMs = at(`${start}Z`);
    expect(grid.misfit(startMs)).toBeNull();
    expect(iso(grid.endOf(startMs))).toBe(end);
    expect(iso(grid.startBefore(at(`${end}Z`)))).toBe(start);
    expect(iso(grid.startAt(at(`${end}Z`) - 1))).toBe(start);
    expect(grid.misfit(startMs + 3_600_000)).toContain(zone);
  });

  it('follow one another without a gap, over years and in every kind of zone', () => {
    const zones = [
      'Europe/Berlin',
      'America/Santiago',
      'America/Havana',
      'Asia/Tehran',
      'Pacific/Apia',
      'Africa/Casablanca',
    ];
    for (const zone of zones) {
      const grid = days(zone);
      let start = grid.startAt(at('2011-06-01T12:00Z'));
      for (let day = 0; day < 700; day += 1) {
        const end = grid.endOf(start);
        expect(end).toBeGreaterThan(start);
        if (grid.startAt(start) !== start || grid.startAt(end) !== end || grid.startBefore(end) !== start) {
          throw new Error(`${zone}: ${iso(start)} to ${iso(end)}`);
        }
        start = end;
      }
    }
  });
});
