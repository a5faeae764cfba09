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
