import fc from 'fast-check';
import { parse, Writer } from 'protobufjs';
import type { FieldPath, TopicMapping } from '../../domain/mapping';
import {
  decode,
  json,
  keyOf,
  mapping,
  MINUTE,
  reasonOf,
  refusalOf,
  START,
  tumbling,
  type Over,
} from '../decoding.test-support';
import type { SchemaSource } from '../format';
import { framed, long, registry, registryOf, schema, write, writers } from './protobuf.test-support';

const DAY = 86_400_000;
const key = keyOf('gold', START);
const over = (...paths: FieldPath[]): Over => ({
  value: { format: 'protobuf' },
  measures: paths.map((path) => ({ path, optional: true })),
});
const read = (message: Buffer, ...paths: string[]) =>
  decode(mapping(over(...paths.map((path) => path.split('.')))), { key, value: framed(message) }, registry);
const label = (message: Buffer, path: string): string =>
  decode(
    mapping({ ...over(['count']), dimensions: [{ in: 'value', path: path.split('.') }] }),
    { key, value: framed(message) },
    registry,
  ).values[0]!;

/** Windows of one millisecond or a day, whose start is a field. */
const timeIn = (field: string, sizeMs = DAY): TopicMapping =>
  mapping({
    ...over(['count']),
    window: { ...tumbling, sizeMs, advanceMs: sizeMs },
    start: { from: 'field', in: 'value', path: [field], unit: 'ms' },
  });
const timeRecord = (field: string, content: object) => ({
  key,
  value: framed(write({ count: 1, [field]: content })),
});
const startOf = (field: string, content: object, sizeMs?: number): number =>
  decode(timeIn(field, sizeMs), timeRecord(field, content), registry).startMs;

describe('Protobuf', () => {
  it('reads numbers of every kind', () => {
    const message = write({
      count: 5,
      total: 1.5,
      id: long('9007199254740991', true),
      change: -3,
      paid: -1,
      fixed: 9,
      small: -2,
      ratio: 0.25,
    });
    expect(
      read(message, 'count', 'TOTAL', 'id', 'change', 'paid', 'fixed', 'small', 'ratio').measures,
    ).toEqual([5, 1.5, 9_007_199_254_740_991, -3, -1, 9, -2, 0.25]);
  });

  it.each(['9223372036854775807', '-9223372036854775808', '9007199254740993', '-1', '-9007199254740993'])(
    'loses no digit of the int64 %s',
    (digits) => {
      const message = write({ count: long(digits), change: long(digits) });
      expect(label(message, 'count')).toBe(digits);
      expect(label(message, 'change')).toBe(digits);
      const point = read(message, 'count');
      expect(point.measures).toEqual([Number(digits)]);
      expect(point.warned).toEqual(digits === '-1' ? [] : ['value']);
    },
  );

  it('reads uint64 and fixed64 without a sign', () => {
    const message = write({
      id: long('18446744073709551615', true),
      fixed: long('18446744073709551614', true),
    });
    expect(label(message, 'id')).toBe('18446744073709551615');
    expect(label(message, 'fixed')).toBe('18446744073709551614');
  });

  it('gives what is not written its default, where presence says nothing', () => {
    const empty = write({});
    expect(read(empty, 'count', 'total', 'paid', 'average', 'place.city').measures).toEqual([
      0,
      0,
      undefined,
      undefined,
      undefined,
    ]);
    expect(label(empty, 'status')).toBe('NEW');
    expect(label(empty, 'open')).toBe('false');
    expect(label(empty, 'name')).toBe('');
    expect(
      reasonOf(
        mapping({ ...over(['paid']), measures: [{ path: ['paid'], optional: false }] }),
        { key, value: framed(empty) },
        undefined,
        registry,
      ),
    ).toBe('missing_field');
  });

  it('reads enums by name, and unknown ones by number', () => {
    expect(label(write({ status: 'PAID' }), 'status')).toBe('PAID');
    expect(label(write({ status: 7 }), 'status')).toBe('7');
  });

  it('reads wrappers, decimals, durations and structs as what they hold', () => {
    const message = write({
      average: { value: 2.5 },
      price: { value: Buffer.from('00df', 'hex'), precision: 5, scale: 2 },
      took: { seconds: 3, nanos: 500_000_000 },
      extra: {
        fields: {
          n: { numberValue: 4 },
          list: { listValue: { values: [{ stringValue: '6' }] } },
          none: { nullValue: 0 },
        },
      },
    });
    expect(
      read(message, 'average', 'price', 'took', 'extra.n', 'extra.list.0', 'extra.none').measures,
    ).toEqual([2.5, 2.23, 3.5, 4, 6, undefined]);
    expect(read(write({ average: {} }), 'average').measures).toEqual([0]);
  });

  it('reads a Timestamp as a time, whatever unit the mapping names', () => {
    const seconds = (START + MINUTE) / 1_000;
    const message = write({ count: 1, window_start: { seconds } });
    for (const unit of ['ms', 's', 'text'] as const) {
      const of = mapping({
        ...over(['count']),
        start: { from: 'field', in: 'value', path: ['window_start'], unit },
      });
      expect(decode(of, { key, value: framed(message) }, registry).startMs).toBe(START + MINUTE);
    }
  });

  it('reads a Date, and a Timestamp to the millisecond', () => {
    const day = new Date(START - (START % DAY));
    const [year, month, date] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()];
    expect(startOf('day', { year, month, day: date })).toBe(day.getTime());
    expect(startOf('window_start', { seconds: START / 1_000, nanos: 999_999_999 }, 1)).toBe(START + 999);
    expect(startOf('day', { year: 2024, month: 2, day: 29 })).toBe(Date.UTC(2024, 1, 29));
  });

  it.each<[string, object]>([
    ['day', { year: 2023, month: 2, day: 30 }],
    ['day', { year: 2023, month: 2, day: 29 }],
    ['day', { year: 2023, month: 13, day: 1 }],
    ['day', { year: 2023, month: 1, day: -1 }],
    ['day', { year: 99, month: 1, day: 1 }],
    ['day', { year: 2023, month: 2 }],
    ['day', { month: 2, day: 1 }],
    ['day', {}],
    ['window_start', { seconds: START / 1_000, nanos: 1_000_000_000 }],
    ['window_start', { seconds: START / 1_000, nanos: -1 }],
    ['window_start', { seconds: long('9223372036854775807') }],
    ['window_start', { seconds: -1 }],
  ])('refuses a %s that no calendar has: %j', (field, content) => {
    const refused = refusalOf(timeIn(field), timeRecord(field, content), { schemas: registry });
    expect(refused.reason).toBe('bad_time');
    expect(refused.message).not.toMatch(/NaN/);
  });

  it('reads nested, repeated and mapped fields by path', () => {
    const message = write({
      lines: [
        { sku: 'a', amount: 2 },
        { sku: 'b', amount: 3 },
      ],
      by_till: { t1: 4, __proto__x: 5 },
      places: { 12: { city: 'Bern' } },
      place: { city: 'Rome' },
      packed: [7, 8],
      name: 'Ada',
      previous: { count: 6 },
    });
    expect(
      read(message, 'lines.1.amount', 'by_till.t1', 'packed.0', 'previous.count', 'lines.2.amount').measures,
    ).toEqual([3, 4, 7, 6, undefined]);
    expect(label(message, 'places.12.city')).toBe('Bern');
    expect(label(message, 'place.city')).toBe('Rome');
    expect(label(message, 'name')).toBe('Ada');
  });

  it('reads packed numbers that are written one by one, and passes over fields it does not know', () => {
    const writer = Writer.create();
    writer
      .uint32((15 << 3) | 0)
      .int32(3)
      .uint32((15 << 3) | 0)
      .int32(4);
    writer
      .uint32((900 << 3) | 2)
      .string('new')
      .uint32((901 << 3) | 3)
      .uint32((1 << 3) | 0)
      .int32(1)
      .uint32((901 << 3) | 4);
    // A count that is written as text is another field with the same number.
    writer.uint32((1 << 3) | 2).string('five');
    const message = Buffer.from(writer.finish());
    expect(read(message, 'packed.1', 'count').measures).toEqual([4, 0]);
  });

  it.each([
    ['the first message', [0], 'note', { note: '3' }, 'shop.Other'],
    ['a message by its index', [2, 2], 'count', { count: 3 }, 'shop.Orders'],
    ['a message within another', [4, 2, 0], 'city', { city: '3' }, 'shop.Orders.Place'],
    ['one deeper', [6, 2, 0, 0], 'n', { n: 3 }, 'shop.Orders.Place.Deep'],
  ])('finds %s', (_, indexes, path, content, type) => {
    const value = framed(write(content, writers.lookupType(type)), indexes);
    expect(decode(mapping(over([path])), { key, value }, registry).measures).toEqual([3]);
  });

  it('finds the message in a header, and by the name that Apicurio writes', () => {
    const guid = '89791762-2336-4186-9674-299b90a802e2';
    const header = Buffer.concat([
      Buffer.from([1]),
      Buffer.from(guid.replaceAll('-', ''), 'hex'),
      Buffer.from([2, 2]),
    ]);
    const byGuid: SchemaSource = { known: (id) => (id === guid ? schema : undefined) };
    const message = write({ count: 3 });
    const record = { key, value: message, headers: { __value_schema_id: header } };
    expect(decode(mapping(over(['count'])), record, byGuid).measures).toEqual([3]);
    const named = Buffer.concat([Buffer.from([8, 0x0a, 6]), Buffer.from('Orders')]);
    expect(
      decode(mapping(over(['count'])), { key, value: framed(message, [...named]) }, registry).measures,
    ).toEqual([3]);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'a message that there is none of',
      framed(write({}), [2, 8]),
      /does not say which message of schema 7 it is: the schema has no message 4/,
    ],
    ['indexes without end', framed(Buffer.alloc(0), [0xff, 0xff]), /does not say which message/],
    [
      'a number that is cut off',
      framed(Buffer.from([8, 0xff])),
      /does not fit schema 7: it ends within a number/,
    ],
    ['a text that is cut off', framed(Buffer.from([0x62, 5, 0x61])), /it ends within a field/],
    ['a text that is no UTF-8', framed(Buffer.from([0x62, 1, 0xff])), /a text is not UTF-8/],
    [
      'a nested message that is cut off',
      framed(Buffer.from([0x72, 3, 0x0a, 5, 0x61])),
      /ends within a field/,
    ],
    ['a field without a number', framed(Buffer.from([0])), /a field has no number/],
    ['a wire type that there is none of', framed(Buffer.from([15, 0])), /wire type 7/],
    [
      'eleven bytes of a number',
      framed(Buffer.from([8, ...Array<number>(10).fill(0xff), 1])),
      /more than ten bytes/,
    ],
  ])('%s is a dead letter', (_, value, message) => {
    const refused = refusalOf(
      mapping(over(['count'], ['name'], ['place', 'city'])),
      { key, value },
      { schemas: registry },
    );
    expect(refused.reason).toBe('value_malformed');
    expect(refused.message).toMatch(message);
  });

  it('refuses messages nested too deep, and lists that would fill the memory', () => {
    let nested = write({ count: 1 });
    for (let i = 0; i < 150; i += 1) {
      const writer = Writer.create();
      nested = Buffer.from(
        writer
          .uint32((24 << 3) | 2)
          .bytes(nested)
          .finish(),
      );
    }
    const of = mapping(over(['count'], ['previous'], ['lines', '0', 'amount']));
    expect(refusalOf(of, { key, value: framed(nested) }, { schemas: registry }).message).toMatch(
      /nested deeper than 100/,
    );
    const groups = Buffer.alloc(4_000, (((901 << 3) | 3) & 0x7f) | 0x80);
    for (let i = 1; i < groups.length; i += 2) groups[i] = ((901 << 3) | 3) >>> 7;
    expect(refusalOf(of, { key, value: framed(groups) }, { schemas: registry }).reason).toBe(
      'value_malformed',
    );
    const many = Buffer.alloc(1_000_000);
    for (let i = 0; i < many.length; i += 2) many[i] = (9 << 3) | 2;
    expect(refusalOf(of, { key, value: framed(many) }, { schemas: registry }).message).toMatch(
      /more than 250000 items/,
    );
  });

  it.each([
    ['another kind of schema', { ...schema, type: 'AVRO' as const }, /schema 7 is "AVRO", not Protobuf/],
    ['text that is no .proto', { ...schema, text: 'message {' }, /schema 7 cannot be used/],
    ['an import that is missing', { ...schema, references: [] }, /schema 7 cannot be used: .*parts.Line/],
  ])('%s is a dead letter', (_, of, message) => {
    const refused = refusalOf(
      mapping(over(['count'])),
      { key, value: framed(write({})) },
      { schemas: registryOf(of) },
    );
    expect(refused.reason).toBe('unknown_schema');
    expect(refused.message).toMatch(message);
  });

  it('reads only what the mapping names: what else is damaged does no harm', () => {
    const message = Buffer.concat([write({ count: 3 }), Buffer.from([0x62, 1, 0xff])]);
    expect(read(message, 'count').measures).toEqual([3]);
  });

  it('reads the deletes of Debezium', () => {
    const text =
      'syntax = "proto3"; message Envelope { Row before = 1; Row after = 2; string op = 3; string rest = 4; } message Row { string shop = 1; int64 cnt = 2; }';
    const type = parse(text, { keepCase: true }).root.lookupType('Envelope');
    const of = mapping({ ...over(['after', 'cnt']), dimensions: [{ in: 'value', path: ['after', 'shop'] }] });
    const source = registryOf({ type: 'PROTOBUF', text, references: [] });
    const change = (content: object) => decode(of, { key, value: framed(write(content, type), [0]) }, source);
    expect(change({ after: { shop: 'a', cnt: 5 }, op: 'c' })).toMatchObject({ values: ['a'], measures: [5] });
    expect(change({ before: { shop: 'a', cnt: 5 }, op: 'd' })).toMatchObject({
      values: ['a'],
      removed: true,
    });
  });

  it('is a key too, with the start of its window behind it', () => {
    const of = mapping({
      key: { format: 'protobuf', windowed: 'time' },
      dimensions: [
        { in: 'key', path: ['place', 'city'] },
        { in: 'key', path: ['name'] },
      ],
    });
    const inner = framed(write({ place: { city: 'Bern' }, name: 'Ada' }));
    const point = decode(of, { key: keyOf(inner, START), value: json({ N: 1 }) }, registry);
    expect(point).toMatchObject({ values: ['Bern', 'Ada'], startMs: START });
  });

  it('reads back what is written', () => {
    const content = fc.record({
      count: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      total: fc.double({ noNaN: true }),
      name: fc.string({ unit: 'grapheme', maxLength: 20 }),
      paid: fc.integer(),
    });
    fc.assert(
      fc.property(content, ({ count, total, name, paid }) => {
        const message = write({ count: long(String(count)), total, name, paid });
        expect(read(message, 'total', 'paid').measures).toEqual([total, paid]);
        expect(label(message, 'count')).toBe(String(count));
        expect(label(message, 'name')).toBe(name);
      }),
      { numRuns: 50 },
    );
  });

  it('any bytes are a point or a refusal', () => {
    const whole = write({
      count: 5,
      lines: [{ sku: 'a' }],
      by_till: { a: 1 },
      place: { city: 'x' },
      packed: [1, 2],
    });
    const damaged = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length))
      .map(([at, byte, length]) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        return bytes.subarray(0, length);
      });
    const bytes = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        expect(
          reasonOf(
            mapping(over(['count'], ['lines', '0', 'amount'])),
            { key, value: framed(value) },
            undefined,
            registry,
          ),
        ).toMatch(/^(?:decoded|value_malformed)$/);
      }),
      { numRuns: 1_000 },
    );
  });
});
