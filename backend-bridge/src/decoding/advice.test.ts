import { gzipSync } from 'node:zlib';
import {
  decode,
  decodeAll,
  int64,
  json,
  keyOf,
  mapping,
  reasonOf,
  refusalOf,
  session,
  START,
} from './decoding.test-support';

/** Mappings that do not match their topic: each dead letter says what to change. */

const value = json({ N: 1 });
const plainStart = (unit: 'ms' | 's' | 'us' | 'ns') =>
  mapping({
    key: { format: 'string', windowed: 'none' },
    start: { from: 'field', in: 'value', path: ['at'], unit },
  });
const at = (unit: 'ms' | 's' | 'us' | 'ns', time: number) =>
  refusalOf(plainStart(unit), { key: Buffer.from('a'), value: json({ N: 1, at: time }) });

describe('a time in another unit', () => {
  it.each([
    ['ms', START / 1_000, 'seconds', 's'],
    ['ms', START * 1_000, 'microseconds', 'us'],
    ['ms', START * 1_000_000, 'nanoseconds', 'ns'],
    ['s', START, 'milliseconds', 'ms'],
    ['us', START, 'milliseconds', 'ms'],
    ['ns', START / 1_000, 'seconds', 's'],
  ] as const)('read as %s: %d', (unit, time, name, right) => {
    const refused = at(unit, time);
    expect(refused.reason).toBe('bad_time');
    expect(refused.message).toBe(
      `window start at is ${time}, which looks like ${name}; say \`unit: ${right}\``,
    );
  });

  it('in a windowed key or a timestamp is refused too, where no setting helps', () => {
    const seconds = Math.floor(START / 1_000);
    const inKey = refusalOf(mapping(), { key: keyOf('a', seconds), value });
    expect(inKey.message).toMatch(
      /window start in the key is 1700000040, which looks like seconds; .*milliseconds/,
    );
    const stamped = mapping({ key: { format: 'string', windowed: 'none' }, start: { from: 'timestamp' } });
    expect(refusalOf(stamped, { key: Buffer.from('a'), value, timestampMs: seconds }).message).toMatch(
      /timestamp is 1700000040, which looks like seconds/,
    );
  });

  it('of a test near 1970 is taken as it is', () => {
    expect(reasonOf(mapping(), { key: keyOf('a', 120_000), value })).toBe('decoded');
  });
});

describe('a plain key read as windowed', () => {
  it.each([
    [
      'key20200529',
      'bad_time',
      /last 8 bytes of the key are the text "20200529", and are not the time of a window; .*`windowed: none`/,
    ],
    ['short', 'key_length', /has 5 bytes, and the window's bounds alone are 8; .*`windowed: none`/],
    ['', 'key_length', /`windowed: none`/],
  ])('%j', (key, reason, message) => {
    const refused = refusalOf(mapping(), { key: Buffer.from(key), value });
    expect(refused.reason).toBe(reason);
    expect(refused.message).toMatch(message);
  });

  it('as a session', () => {
    const refused = refusalOf(mapping({ window: session }), {
      key: Buffer.from('a-user-with-a-long-name'),
      value,
    });
    expect(refused.message).toMatch(/last 16 bytes .* "with-a-long-name"/);
  });
});

describe('a windowed key read as plain', () => {
  const plain = (format: 'string' | 'json' | 'bigint') =>
    mapping({ key: { format, windowed: 'none' }, start: { from: 'timestamp' } });
  it.each([
    [
      'string',
      keyOf('gold', START),
      'key_malformed',
      '8 bytes are the start of a window; say `windowed: time`',
    ],
    ['json', keyOf('{"a":1}', START), 'key_malformed', 'say `windowed: time`'],
    ['bigint', keyOf(int64(7), START), 'key_length', 'say `windowed: time`'],
    [
      'string',
      keyOf('gold', START + 5, START),
      'key_malformed',
      '16 bytes are the times of a session; say `windowed: session`',
    ],
  ] as const)('as %s', (format, key, reason, message) => {
    const refused = refusalOf(plain(format), { key, value });
    expect(refused.reason).toBe(reason);
    expect(refused.message).toContain(message);
  });
});

describe('damaged JSON', () => {
  it('is not taken for another format', () => {
    const cut = Buffer.from('{"N":1');
    for (const bytes of [cut, Buffer.concat([Buffer.from([0, 0, 0, 0, 8]), cut])]) {
      const refused = refusalOf(mapping(), { key: keyOf('a', START), value: bytes });
      expect(refused.reason).toBe('value_malformed');
      expect(refused.message).toMatch(/^the value is not JSON: [^;]*$/);
    }
  });
});

describe('a session read as a time window, and the other way', () => {
  it.each([
    [mapping(), keyOf('gold', START + 5, START), 'say `windowed: session`'],
    [mapping({ window: session }), keyOf('a-long-shop', START), 'say `windowed: time`'],
    [mapping({ window: session }), keyOf('a', START), 'say `windowed: time`'],
  ])('%#', (of, key, advice) => {
    expect(refusalOf(of, { key, value }).message).toContain(advice);
  });

  it('a number of Serdes.Long is not text', () => {
    const refused = refusalOf(mapping(), { key: keyOf(int64(7), START), value });
    expect(refused.reason).toBe('key_malformed');
    expect(refused.message).toMatch(/read as the integer 7, as Serdes\.Long writes; say `format: bigint`$/);
  });
});

describe('a value of another kind', () => {
  const key = keyOf('a', START);
  const refused = (bytes: Buffer | string) =>
    refusalOf(mapping(), { key, value: Buffer.from(bytes as string) });
  it.each([
    ['gzip', gzipSync('{"N":1}'), 'compressed with gzip'],
    ['Zstandard', Buffer.from('28b52ffd0407', 'hex'), 'compressed with Zstandard'],
    ['UTF-16', Buffer.from('{"N":1}', 'utf16le'), 'let the producer write UTF-8'],
    ['UTF-16 with a mark', Buffer.from('\ufeff{"N":1}', 'utf16le'), 'let the producer write UTF-8'],
    ['a byte order mark', '\ufeff{"N":1}', 'without it'],
    ['a file of Avro', Buffer.from('4f626a0104', 'hex'), 'single records'],
    ['XML', '<n>1</n>', 'XML, which is not supported'],
    ['nothing', '', 'a delete is a record without a value'],
    ['null', 'null', 'a delete is a record without a value'],
    ['Canal', '{"data":[{"N":"1"}],"isDdl":false}', 'a change event of Canal'],
    ['Maxwell', '{"data":{"N":"1"},"database":"d","table":"t"}', 'a change event of Maxwell'],
    ['a change event', '{"before":null,"after":{"N":1},"op":"c"}', 'say `field: after.N`'],
    ['another name', '{"ORDERS":1,"SHOP":"a"}', 'it has ORDERS, SHOP'],
    ['an object', '{"N":{"units":1}}', 'name one of its fields: units'],
    ['a comma', '{"N":"12,5"}', 'a point before the decimals'],
    ['thousands', '{"N":"1 234"}', 'without separators of thousands'],
    [
      'a comma that may be either',
      '{"N":"1,234"}',
      'without separators of thousands, and a point before decimals',
    ],
    ['both', '{"N":"1.234,5"}', 'a point before the decimals'],
    ['a decimal of Connect', '{"N":"AYag"}', 'decimal.format=NUMERIC'],
  ])('%s', (_, bytes, advice) => {
    expect(refused(bytes).message).toContain(advice);
  });

  it.each([
    ['twice encoded', JSON.stringify('{"N":7}')],
    ['in a column', '{"payload":"{\\"N\\":7}"}'],
    ["in Connect's envelope", '{"schema":{"type":"string"},"payload":"{\\"N\\":7}"}'],
  ])('JSON in a text is read: %s', (_, text) => {
    const path = text.startsWith('{"payload') ? ['payload', 'N'] : ['N'];
    const of = mapping({ measures: [{ path, optional: false }] });
    expect(decode(of, { key, value: Buffer.from(text) }).measures).toEqual([7]);
  });

  it("null in Connect's envelope removes the point", () => {
    for (const text of ['{"schema":null,"payload":null}', '{"schema":{"type":"struct"},"payload":null}']) {
      expect(decode(mapping(), { key, value: Buffer.from(text) }).removed).toBe(true);
    }
  });
});

describe('texts that are times', () => {
  const of = mapping({
    key: { format: 'string', windowed: 'none' },
    start: { from: 'field', in: 'value', path: ['at'], unit: 'text' },
  });
  const startOf = (at: string): string =>
    new Date(decode(of, { key: Buffer.from('a'), value: json({ N: 1, at }) }).startMs).toISOString();

  it.each([
    ['2026-11-30', '2026-11-30T00:00:00.000Z'],
    ['2026-11-30T10:00:00+01', '2026-11-30T09:00:00.000Z'],
    ['2026-11-30T10:00+01:00[Europe/Berlin]', '2026-11-30T09:00:00.000Z'],
    ['2026-11-30 09:00:00 UTC', '2026-11-30T09:00:00.000Z'],
    ['2026-11-30T09:00:00.000000000Z', '2026-11-30T09:00:00.000Z'],
  ])('%s', (text, iso) => {
    expect(startOf(text)).toBe(iso);
  });

  it.each([
    ['30.11.2026 09:00:00', 'let the stream write it so'],
    ['2026-11-30T09:00:00[Europe/Berlin]', 'let the stream write it so'],
    ['2026-02-30', 'let the stream write it so'],
    [String(START), 'say `unit: ms`'],
    [START / 1_000, 'say `unit: s`'],
  ])('%s is none', (written, advice) => {
    const refused = refusalOf(of, { key: Buffer.from('a'), value: json({ N: 1, at: written }) });
    expect(refused.reason).toBe('bad_time');
    expect(refused.message).toContain(advice);
  });

  it('are not numbers', () => {
    const text = { key: Buffer.from('a'), value: json({ N: 1, at: '2026-11-30T09:00:00Z' }) };
    expect(refusalOf(plainStart('ms'), text).message).toContain('say `unit: text`');
  });
});

describe('ids past 2^53 in a moved row', () => {
  it('that are one double are two points', () => {
    const of = mapping({
      key: { format: 'json', windowed: 'none' },
      start: { from: 'field', in: 'value', path: ['after', 'at'], unit: 'ms' },
      dimensions: [{ in: 'value', path: ['after', 'id'] }],
      measures: [{ path: ['after', 'N'], optional: false }],
    });
    const row = (id: string): string => `{"id":${id},"at":${START},"N":1}`;
    const moved = `{"op":"u","before":${row('9007199254740993')},"after":${row('9007199254740992')}}`;
    const points = decodeAll(of, { key: Buffer.from('{"pk":1}'), value: Buffer.from(moved) });
    expect(points.map(({ values, removed }) => [values, removed])).toEqual([
      [['9007199254740993'], true],
      [['9007199254740992'], false],
    ]);
  });
});
