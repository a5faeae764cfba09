import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { TopicMapping } from '../domain/mapping';
import type { Window } from '../domain/metric';
import {
  decode,
  json,
  keyOf,
  mapping,
  MINUTE,
  reasonOf,
  session,
  START,
  tumbling,
  type Over,
} from './decoding.test-support';
import { murmur2 } from './murmur2';
import { SchemaNeeded, Undecodable } from './undecodable';

interface Golden {
  readonly topic: string;
  readonly keyHex: string;
  readonly value: string | null;
  readonly timestamp: number;
  readonly expect: {
    readonly keyType: 'string' | 'bigint';
    readonly key: string;
    readonly window: 'time' | 'hopping' | 'session';
    readonly windowSizeMs: number | null;
    readonly windowStart: number;
    readonly windowEnd: number;
  };
}

const windows = {
  time: (sizeMs: number): Window => ({ ...tumbling, sizeMs, advanceMs: sizeMs }),
  // Its key looks like a tumbling one: size and advance are only in the mapping.
  hopping: (sizeMs: number): Window => ({ ...tumbling, type: 'hopping', sizeMs, advanceMs: MINUTE }),
};

describe('what Kafka Streams wrote', () => {
  const file = join(__dirname, '../../../tests/fixtures/kafka-streams/windowed.jsonl');
  const records = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Golden);

  it.each(records.map((record, i) => [i, record] as const))('record %i', (_, { expect: want, ...record }) => {
    const size = want.windowSizeMs ?? 0;
    const of = mapping({
      window: want.window === 'session' ? session : windows[want.window](size),
      key: { format: want.keyType, windowed: want.window === 'session' ? 'session' : 'time' },
      measures: [
        { path: [record.topic.startsWith('REVENUE') ? 'total_revenue' : 'event_count'], optional: false },
      ],
    });
    const key = Buffer.from(record.keyHex, 'hex');
    const value = record.value === null ? null : Buffer.from(record.value);
    const point = decode(of, { key, value, timestampMs: record.timestamp });
    const fields = record.value === null ? null : (JSON.parse(record.value) as Record<string, unknown>);
    const number = fields === null ? undefined : Number(fields['TOTAL_REVENUE'] ?? fields['EVENT_COUNT']);
    expect(point).toMatchObject({
      values: [want.key],
      startMs: want.windowStart,
      endMs: want.windowEnd,
      measures: [number],
      removed: record.value === null,
      keyHash: murmur2(key.subarray(0, key.length - (want.window === 'session' ? 16 : 8))),
      maxEventMs: record.timestamp,
      offset: 5,
      incarnation: 3,
    });
  });
});

describe('values', () => {
  const key = keyOf('gold', START);
  const one = (number: unknown, over: Over = {}) =>
    decode(mapping(over), { key, value: json({ N: number }) });

  it.each([
    [5, 5],
    ['12.5', 12.5],
    [' -3e2 ', -300],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    [{ long: 7 }, 7],
  ])('%p is %p', (written, number) => {
    expect(one(written).measures).toEqual([number]);
  });

  it.each([
    [true, 'not_a_number'],
    ['', 'not_a_number'],
    ['0x10', 'not_a_number'],
    ['1_000', 'not_a_number'],
    [[1], 'not_a_number'],
    [null, 'missing_field'],
    [undefined, 'missing_field'],
  ])('%p is %s', (written, reason) => {
    expect(reasonOf(mapping(), { key, value: json({ N: written }) })).toBe(reason);
  });

  it.each(['', 'null', '5', '[]', '{"N":1', '{"N":1}}', '\u0000'])('%j is not a value', (text) => {
    expect(reasonOf(mapping(), { key, value: Buffer.from(text) })).toBe('value_malformed');
  });

  it('lets an optional field be absent or null', () => {
    const of = mapping({
      measures: [
        { path: ['N'], optional: false },
        { path: ['A'], optional: true },
        { path: ['constructor'], optional: true },
      ],
    });
    expect(decode(of, { key, value: json({ N: 1 }) }).measures).toEqual([1, undefined, undefined]);
    expect(decode(of, { key, value: json({ n: 1, a: null }) }).measures).toEqual([1, undefined, undefined]);
  });

  it('takes the exact name before one in another case', () => {
    expect(decode(mapping(), { key, value: json({ n: 1, N: 2 }) }).measures).toEqual([2]);
  });

  it('warns of integers past 2^53, and only of those', () => {
    const past = decode(mapping(), { key, value: Buffer.from('{"N":9007199254740993}') });
    expect(past).toMatchObject({ measures: [9_007_199_254_740_992], warned: ['value'] });
    expect(one(Number.MAX_SAFE_INTEGER).warned).toEqual([]);
    expect(decode(mapping(), { key, value: Buffer.from('{"N":1.5E300}') }).warned).toEqual([]);
  });

  it('keeps every digit of an integer past 2^53 as a label', () => {
    const id = '-9007199254740993';
    const text = `{"note":"\\" 9007199254740993","N":1,"far":[1.12345678901234567],"id":${id}}`;
    const inValue = mapping({ dimensions: [{ in: 'value', path: ['id'] }] });
    expect(decode(inValue, { key, value: Buffer.from(text) }).values).toEqual([id]);
    const inKey = mapping({
      key: { format: 'json', windowed: 'time' },
      dimensions: [
        { in: 'key', path: ['id'] },
        { in: 'key', path: ['note'] },
      ],
    });
    const { values } = decode(inKey, { key: keyOf(text, START), value: json({ N: 1 }) });
    expect(values).toEqual([id, '" 9007199254740993']);
    const long = `{"N":1,"text":"${'\\"x'.repeat(500_000)}","id":${id}}`;
    expect(decode(inValue, { key, value: Buffer.from(long) }).values).toEqual([id]);
  });

  it('refuses a label that a number cannot hold exactly, or that is not a label', () => {
    const of = mapping({ dimensions: [{ in: 'value', path: ['id'] }] });
    const reason = (id: string): string => reasonOf(of, { key, value: Buffer.from(`{"N":1,"id":${id}}`) });
    expect(reason('1e20')).toBe('bad_label');
    expect(reason('{"a":1}')).toBe('bad_label');
    expect(reason(JSON.stringify('x'.repeat(2_000)))).toBe('bad_label');
    expect(reason('"9007199254740993"')).toBe('decoded');
  });

  it('asks for a schema instead of guessing', () => {
    expect(() =>
      decode(mapping({ value: { format: 'avro' } }), { key, value: Buffer.from([0, 0, 0, 0, 7]) }),
    ).toThrow(SchemaNeeded);
  });
});

describe('times', () => {
  const key = Buffer.from('gold');
  const read = (unit: 'ms' | 's' | 'us' | 'ns' | 'text', written: unknown) =>
    decode(
      mapping({
        key: { format: 'string', windowed: 'none' },
        start: { from: 'field', in: 'value', path: ['ws'], unit },
        eventTime: { from: 'field', in: 'value', path: ['ws'], unit },
      }),
      { key, value: json({ N: 1, ws: written }) },
    );

  it.each([
    ['ms', START],
    ['ms', String(START)],
    ['s', START / 1_000],
    ['us', START * 1_000],
    ['ns', START * 1_000_000],
    ['text', '2023-11-14T22:14:00Z'],
    ['text', '2023-11-14 22:14:00'],
    ['text', '2023-11-14 22:14'],
    ['text', '2023-11-14 22:14:00.000'],
    ['text', '2023-11-14T23:14:00+01:00'],
    ['text', '2023-11-14T23:14:00+0100'],
  ] as const)('%s %p', (unit, written) => {
    expect(read(unit, written)).toMatchObject({ startMs: START, endMs: START + MINUTE, maxEventMs: START });
  });

  it.each([
    ['text', 'yesterday'],
    ['text', 5],
    ['text', '2023-13-45 00:00:00'],
    ['ms', 'NaN'],
    ['ms', -5],
    ['s', 1e15],
  ] as const)('%s %p is not a time', (unit, written) => {
    expect(() => read(unit, written)).toThrow(Undecodable);
  });

  it('rounds a timestamp down to its window', () => {
    const of = mapping({ key: { format: 'string', windowed: 'none' }, start: { from: 'timestamp' } });
    expect(decode(of, { key, value: json({ N: 1 }), timestampMs: START + 59_999 }).startMs).toBe(START);
    expect(reasonOf(of, { key, value: json({ N: 1 }), timestampMs: -1 })).toBe('bad_time');
  });

  it('refuses an end before the start, or of another size', () => {
    const of = mapping({ end: { from: 'field', in: 'value', path: ['we'], unit: 'ms' } });
    const reason = (we: number): string =>
      reasonOf(of, { key: keyOf('gold', START), value: json({ N: 1, we }) });
    expect(reason(START + MINUTE)).toBe('decoded');
    expect(reason(START - 1)).toBe('window_end');
    expect(reason(START + 2 * MINUTE)).toBe('window_end');
  });
});

describe('tombstones', () => {
  it('take a point away by what the key says', () => {
    const point = decode(mapping(), { key: keyOf('gold', START), value: null });
    expect(point).toMatchObject({ values: ['gold'], startMs: START, removed: true, measures: [undefined] });
  });

  it.each<[string, Over]>([
    ['a dimension in the value', { dimensions: [{ in: 'value', path: ['s'] }] }],
    ['the start in the value', { start: { from: 'field', in: 'value', path: ['ws'], unit: 'ms' } }],
    ['the start from the timestamp', { start: { from: 'timestamp' } }],
    [
      "a session's end in the value",
      { window: session, end: { from: 'field', in: 'value', path: ['we'], unit: 'ms' } },
    ],
  ])('without %s in the key are dead letters', (_, over) => {
    const of = mapping(over);
    const times = over.window === session ? [START, START] : [START];
    expect(reasonOf(of, { key: keyOf('gold', ...times), value: null })).toBe('tombstone_incomplete');
  });
});

describe('any bytes', () => {
  const bytes = fc.option(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      fc.json().map((text) => Buffer.from(text)),
      fc.json().map((text) => keyOf(text, START)),
    ),
    { nil: null },
  );
  const anyMapping = fc
    .record({
      window: fc.constantFrom(tumbling, session, {
        ...tumbling,
        type: 'hopping' as const,
        advanceMs: 10_000,
      }),
      format: fc.constantFrom('none', 'string', 'int', 'bigint', 'double', 'json'),
      plain: fc.boolean(),
      fields: fc.boolean(),
      unit: fc.constantFrom('ms', 's', 'us', 'ns', 'text'),
    })
    .map(({ window, format, plain, fields, unit }) =>
      mapping({
        window,
        key: {
          format,
          windowed: plain ? 'none' : window.type === 'session' ? 'session' : 'time',
        },
        ...(plain
          ? { start: { from: 'field', in: 'value', path: ['', 'a'], unit } as TopicMapping['start'] }
          : {}),
        dimensions: fields ? [{ in: 'value', path: [''] }] : [{ in: 'key', path: [] }],
      }),
    );

  it('give a sound point or a reason, and never anything else', () => {
    fc.assert(
      fc.property(anyMapping, bytes, bytes, fc.integer({ min: -1 }), (of, key, value, timestampMs) => {
        try {
          const point = decode(of, { key, value, timestampMs });
          expect(point.startMs).toBeGreaterThanOrEqual(0);
          expect(point.endMs).toBeGreaterThanOrEqual(point.startMs);
          expect(point.values.every((each) => typeof each === 'string')).toBe(true);
          expect(point.measures.every((each) => each === undefined || typeof each === 'number')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Undecodable);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('round trip: what is written as a windowed record is read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 100 }),
        fc.integer({ min: 17_000_000, max: 30_000_000 }),
        fc.double({ noDefaultInfinity: true, noNaN: true }),
        (label, minute, number) => {
          const startMs = minute * MINUTE;
          const point = decode(mapping(), { key: keyOf(label, startMs), value: json({ N: number }) });
          expect(point.values).toEqual([label]);
          expect(point.startMs).toBe(startMs);
          expect(point.measures[0]).toBe(Object.is(number, -0) ? 0 : number);
        },
      ),
    );
  });
});

describe('murmur2', () => {
  // From Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('%s', (text, hash) => {
    expect(murmur2(Buffer.from(text)) | 0).toBe(hash);
    const within = Buffer.from(`xx${text}yyy`);
    expect(murmur2(within, 2, within.length - 3) | 0).toBe(hash);
  });
});
