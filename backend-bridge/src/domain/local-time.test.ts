import { localTime } from './local-time';

const read = (zone: string, iso: string): string =>
  new Date(localTime(zone).wallClock(Date.parse(iso))).toISOString().slice(0, 16);

describe('the wall clock', () => {
  it.each([
    ['UTC', '2026-03-29T01:00Z', '2026-03-29T01:00'],
    ['Europe/Berlin', '2026-03-29T00:59Z', '2026-03-29T01:59'],
    ['Europe/Berlin', '2026-03-29T01:00Z', '2026-03-29T03:00'],
    ['Europe/Berlin', '2026-10-25T00:59Z', '2026-10-25T02:59'],
    ['Europe/Berlin', '2026-10-25T01:00Z', '2026-10-25T02:00'],
    ['Asia/Kathmandu', '2026-01-01T00:00Z', '2026-01-01T05:45'],
    ['Australia/Lord_Howe', '2026-04-04T14:59Z', '2026-04-05T01:59'],
    ['Australia/Lord_Howe', '2026-04-04T15:00Z', '2026-04-05T01:30'],
    ['America/New_York', '1969-12-31T23:00Z', '1969-12-31T18:00'],
  ])('%s at %s shows %s', (zone, iso, wall) => {
    expect(read(zone, iso)).toBe(wall);
  });
});

describe('the time of a wall clock', () => {
  const instant = (zone: string, wall: string): string =>
    new Date(localTime(zone).instantOf(Date.parse(`${wall}Z`))).toISOString().slice(0, 16);

  it.each([
    ['Asia/Shanghai', '2026-11-30T02:46', '2026-11-29T18:46'],
    ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59'],
    // Skipped, so as much later as the clocks go forward.
    ['Europe/Berlin', '2026-03-29T02:30', '2026-03-29T01:30'],
    // Shown twice: the first.
    ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30'],
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00'],
    // There is no midnight on this day.
    ['America/Santiago', '2026-09-06T00:00', '2026-09-06T04:00'],
  ])('%s, %s', (zone, wall, expected) => {
    expect(instant(zone, wall)).toBe(expected);
  });
});
