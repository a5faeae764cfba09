import type { Window } from '../domain/metric';
import {
  decode,
  json,
  keyOf,
  mapping,
  MINUTE,
  refusalOf,
  tumbling,
  type Over,
} from './decoding.test-support';

/** Windows of every kind, from where their topics hold their bounds. */

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');

const field = (name: string, timeZone?: string) =>
  ({
    from: 'field',
    in: 'value',
    path: [name],
    unit: 'text',
    ...(timeZone !== undefined && { timeZone }),
  }) as const;
const plain: Over = { key: { format: 'string', windowed: 'none' } };
const ended: Over = { ...plain, start: { from: 'end' }, end: field('we') };

const record = (value: object) => ({ key: Buffer.from('a'), value: json({ N: 1, ...value }) });
const bounds = (over: Over, value: object): string => {
  const { startMs, endMs } = decode(mapping(over), record(value));
  return `${iso(startMs)} to ${iso(endMs)}`;
};
const refused = (over: Over, value: object): string => {
  const { reason, message } = refusalOf(mapping(over), record(value));
  return `${reason}: ${message}`;
};

describe('a topic with only the end of its windows', () => {
  it.each([
    ['an end', tumbling, '2026-11-29 16:01:00', '2026-11-29T16:00Z to 2026-11-29T16:01Z'],
    ['the last millisecond', tumbling, '2026-11-29 16:00:59.999', '2026-11-29T16:00Z to 2026-11-29T16:01Z'],
    [
      'an end behind an offset',
      { ...tumbling, sizeMs: 5 * MINUTE, advanceMs: 5 * MINUTE, offsetMs: 3 * MINUTE },
      '2026-11-29 16:08:00',
      '2026-11-29T16:03Z to 2026-11-29T16:08Z',
    ],
    [
      'the end of a hopping window',
      { ...tumbling, type: 'hopping', sizeMs: 5 * MINUTE },
      '2026-11-29 16:07:00',
      '2026-11-29T16:02Z to 2026-11-29T16:07Z',
    ],
    [
      'the end of a local day of 25 hours',
      { ...tumbling, sizeMs: DAY, advanceMs: DAY, calendar: { unit: 'day', timeZone: 'Europe/Berlin' } },
      '2026-10-25T23:00:00Z',
      '2026-10-24T22:00Z to 2026-10-25T23:00Z',
    ],
  ] as const)('%s', (_, window, we, expected) => {
    expect(bounds({ ...ended, window }, { we })).toBe(expected);
  });

  it('is refused where no window ends then, with the end that was seen', () => {
    expect(refused(ended, { we: '2026-11-29 16:01:30' })).toBe(
      "window_misaligned: the window ends at 2026-11-29T16:01:30.000Z, so it starts at 2026-11-29T16:00:30.000Z; windows of 1m do not begin then: the window's size in the mapping may be wrong, or, if all begin so, say `offset: 30s`",
    );
  });

  it('cannot say which point a tombstone removes, unless the end is in the key', () => {
    expect(refusalOf(mapping(ended), { key: Buffer.from('a'), value: null }).reason).toBe(
      'tombstone_incomplete',
    );
    const inKey: Over = {
      key: { format: 'json', windowed: 'none' },
      start: { from: 'end' },
      end: { ...field('we'), in: 'key' },
      dimensions: [{ in: 'key', path: ['shop'] }],
    };
    const key = json({ shop: 'a', we: '2026-11-29 16:01:00' });
    expect(decode(mapping(inKey), { key, value: null })).toMatchObject({
      removed: true,
      startMs: at('2026-11-29T16:00Z'),
    });
  });
});

describe('local times without a zone', () => {
  const days: Window = {
    ...tumbling,
    sizeMs: DAY,
    advanceMs: DAY,
    calendar: { unit: 'day', timeZone: 'Asia/Shanghai' },
  };
  it('are those of the zone that the mapping names', () => {
    const over: Over = { ...plain, window: days, start: field('ws', 'Asia/Shanghai') };
    expect(bounds(over, { ws: '2026-11-30 00:00:00' })).toBe('2026-11-29T16:00Z to 2026-11-30T16:00Z');
    expect(bounds(over, { ws: '2026-11-29T16:00:00Z' })).toBe('2026-11-29T16:00Z to 2026-11-30T16:00Z');
  });

  it('read as UTC are not local days, and the sentence names the zone', () => {
    const over: Over = { ...plain, window: days, start: field('ws') };
    expect(refused(over, { ws: '2026-11-30 00:00:00' })).toMatch(
      /^window_misaligned: the window starts at 2026-11-30T00:00:00.000Z; that is 2026-11-30 08:00 in Asia\/Shanghai, where the day begins at 2026-11-30 00:00/,
    );
  });
});

describe('cumulating windows', () => {
  const cumulating: Window = {
    ...tumbling,
    sizeMs: HOUR,
    advanceMs: HOUR,
    cumulating: { sizeMs: DAY, offsetMs: 0 },
  };
  const both: Over = { ...plain, window: cumulating, start: field('ws'), end: field('we') };

  it('are the step at their end', () => {
    const ws = '2026-11-29 00:00:00';
    expect(bounds(both, { ws, we: '2026-11-29 05:00:00' })).toBe('2026-11-29T04:00Z to 2026-11-29T05:00Z');
    expect(bounds(both, { ws, we: '2026-11-30 00:00:00' })).toBe('2026-11-29T23:00Z to 2026-11-30T00:00Z');
    expect(bounds(both, { ws, we: '2026-11-29 04:59:59.999' })).toBe(
      '2026-11-29T04:00Z to 2026-11-29T05:00Z',
    );
    expect(bounds({ ...ended, window: cumulating }, { we: '2026-11-29 05:00:00' })).toBe(
      '2026-11-29T04:00Z to 2026-11-29T05:00Z',
    );
  });

  it.each([
    ['2026-11-29 00:00:00', '2026-11-29 05:30:00', /window_misaligned: the window ends at 2026-11-29T05:30/],
    [
      '2026-11-29 02:00:00',
      '2026-11-29 05:00:00',
      /window_misaligned: the window starts at 2026-11-29T02:00/,
    ],
    ['2026-11-29 00:00:00', '2026-11-30 01:00:00', /window_end: .* grows up to 1d/],
    ['2026-11-29 00:00:00', '2026-11-29 00:00:00', /window_end: the window is 0 ms long/],
  ])('from %s to %s are refused', (ws, we, message) => {
    expect(refused(both, { ws, we })).toMatch(message);
  });
});

describe('windows that begin at any time', () => {
  it.each([
    ['sliding', { ...tumbling, type: 'hopping', sizeMs: 10 * MINUTE, advanceMs: 1, anyStart: true }],
    ['tumbling', { ...tumbling, sizeMs: 10 * MINUTE, advanceMs: 10 * MINUTE, anyStart: true }],
  ] as const)('%s', (_, window) => {
    const start = at('2026-11-29T16:00:07.123Z');
    const point = decode(mapping({ window }), { key: keyOf('a', start), value: json({ N: 1 }) });
    expect(point).toMatchObject({ startMs: start, endMs: start + 10 * MINUTE });
  });
});

describe('a window whose end is not that of its start', () => {
  it('is refused with both lengths; an end may be the last millisecond', () => {
    const over: Over = { ...plain, start: field('ws'), end: field('we') };
    const ws = '2026-11-29 16:00:00';
    expect(bounds(over, { ws, we: '2026-11-29 16:00:59.999' })).toBe(
      '2026-11-29T16:00Z to 2026-11-29T16:01Z',
    );
    expect(refused(over, { ws, we: '2026-11-29 16:05:00' })).toBe(
      'window_end: the window is 300000 ms long, the mapping says 60000 ms; one of them is wrong: if all are as long, say `size: 5m`',
    );
    expect(refused(over, { ws, we: ws })).toBe(
      'window_end: the window ends at its start, 2026-11-29T16:00:00.000Z',
    );
  });
});
