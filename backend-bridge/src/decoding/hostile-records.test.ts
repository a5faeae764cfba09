import fc from 'fast-check';
import type { TopicMapping } from '../domain/mapping';
import {
  decode,
  int64,
  json,
  keyOf,
  mapping,
  MINUTE,
  reasonOf,
  session,
  START,
} from './decoding.test-support';
import { Undecodable } from './undecodable';

/** Malicious records: each is refused alone, with its reason, quickly. */

const HOUR = 60 * MINUTE;
const key = keyOf('gold', START);
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const withKey = (over: Partial<TopicMapping> = {}): TopicMapping =>
  mapping({ key: { format: 'json', windowed: 'time' }, ...over });

function refusalOf(of: TopicMapping, value: string, recordKey: Buffer = key): Undecodable {
  try {
    decode(of, { key: recordKey, value: Buffer.from(value) });
  } catch (error) {
    if (error instanceof Undecodable) return error;
    throw error;
  }
  throw new Error('it was decoded');
}

describe('deep nesting', () => {
  const deep = nested(100_000);

  it('is not a number, label or time', () => {
    expect(refusalOf(mapping(), `{"N":${deep}}`).reason).toBe('not_a_number');
    const label = mapping({ dimensions: [{ in: 'value', path: ['id'] }] });
    expect(refusalOf(label, `{"N":1,"id":${deep}}`).reason).toBe('bad_label');
    for (const unit of ['ms', 'text'] as const) {
      const time = mapping({ start: { from: 'field', in: 'value', path: ['at'], unit } });
      expect(refusalOf(time, `{"N":1,"at":${deep}}`).reason).toMatch(/not_a_number|bad_time/);
    }
  });

  it('beside the fields that are read harms nothing', () => {
    expect(decode(mapping(), { key, value: Buffer.from(`{"N":1,"rest":${deep}}`) }).measures).toEqual([1]);
  });

  it("in a session's plain key", () => {
    const of = mapping({
      window: session,
      key: { format: 'json', windowed: 'none' },
      start: { from: 'field', in: 'key', path: ['from'], unit: 'ms' },
      end: { from: 'field', in: 'key', path: ['to'], unit: 'ms' },
      dimensions: [{ in: 'key', path: ['user'] }],
    });
    const plain = (rest: string): Buffer =>
      Buffer.from(`{"user":"a","from":${START},"to":${START + 5},"rest":${rest}}`);
    expect(reasonOf(of, { key: plain('1'), value: json({ N: 1 }) })).toBe('decoded');
    expect(refusalOf(of, '{"N":1}', plain(deep)).reason).toBe('key_malformed');
  });
});

describe('numbers', () => {
  it.each(['1e400', '-1e400', '"1e400"', `"${'9'.repeat(400)}"`, '9'.repeat(1_000_000)])(
    'past the largest double are refused: %#',
    (written) => {
      const refused = refusalOf(mapping(), `{"N":${written}}`);
      expect(refused.reason).toBe('not_a_number');
      expect(refused.message).toMatch(/larger than a double holds/);
      expect(refused.message.length).toBeLessThan(200);
    },
  );

  it('written as long text that is none are refused at once', () => {
    const began = performance.now();
    expect(refusalOf(mapping(), `{"N":"${'1'.repeat(200_000)}x"}`).reason).toBe('not_a_number');
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('are not labels where two of them would become one', () => {
    const of = mapping({ dimensions: [{ in: 'value', path: ['id'] }] });
    expect(refusalOf(of, '{"N":1,"id":1e400}').reason).toBe('bad_label');
    expect(reasonOf(of, { key, value: Buffer.from('{"N":1,"id":1.5}') })).toBe('decoded');
  });
});

describe('labels', () => {
  const of = mapping({ dimensions: [{ in: 'value', path: ['id'] }] });
  it('with half of a character are refused: stored as UTF-8 two of them would be one', () => {
    expect(refusalOf(of, '{"N":1,"id":"\\ud800"}').message).toMatch(/half of a surrogate pair/);
    expect(decode(of, { key, value: Buffer.from('{"N":1,"id":"\\ud83d\\ude00"}') }).values).toEqual(['😀']);
  });

  it('may be named like what every object has', () => {
    const proto = mapping({ dimensions: [{ in: 'value', path: ['__proto__'] }] });
    const value = Buffer.from('{"N":1,"__proto__":"a"}');
    expect(decode(proto, { key, value }).values).toEqual(['a']);
    expect(reasonOf(mapping(), { key, value: Buffer.from('{"__proto__":{"N":1}}') })).toBe('missing_field');
  });
});

describe('text around the JSON', () => {
  it.each(['\ufeff{"N":1}', '\u0000{"N":1}', '{"N":1}\u0000', '{"N":NaN}', '{"N":01}'])('%j', (text) => {
    expect(refusalOf(mapping(), text).reason).toBe('value_malformed');
  });

  it.each([
    ['a cut character', [0x7b, 0xe2, 0x82]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['an overlong NUL', [0x22, 0xc0, 0x80, 0x22]],
  ])('%s', (_, bytes) => {
    expect(reasonOf(mapping(), { key, value: Buffer.from(bytes) })).toBe('value_malformed');
  });
});

describe('dates that no calendar has', () => {
  const of = mapping({
    key: { format: 'string', windowed: 'none' },
    start: { from: 'field', in: 'value', path: ['at'], unit: 'text' },
    eventTime: { from: 'field', in: 'value', path: ['at'], unit: 'text' },
  });
  const reason = (at: string): string =>
    reasonOf(of, { key: Buffer.from('gold'), value: json({ N: 1, at }) });

  it.each([
    '2023-02-30T00:00:00Z',
    '2023-02-30 00:00:00',
    '2023-02-30 00:00',
    '2023-02-29T10:00:00.000+01:00',
    '2023-04-31T00:00:00Z',
    '2023-00-10T00:00:00Z',
    '2023-01-00T00:00:00Z',
    '2023-01-01T24:01:00Z',
    '2023-01-01T23:60:00Z',
    '2023-01-01T00:00:00+25:00',
  ])('%s', (at) => expect(reason(at)).toBe('bad_time'));

  it.each(['2024-02-29T00:00:00Z', '2023-12-31 23:59:00', '2023-03-01T00:30:00+02:00'])('%s is one', (at) =>
    expect(reason(at)).toBe('decoded'),
  );
});

describe('times', () => {
  const now = START + MINUTE;
  it('of windows that begin more than an hour after now are refused', () => {
    const reason = (startMs: number): string =>
      reasonOf(mapping(), { key: keyOf('gold', startMs), value: json({ N: 1 }) }, now);
    expect(reason(START)).toBe('decoded');
    expect(reason(START + HOUR)).toBe('decoded');
    expect(reason(START + HOUR + 2 * MINUTE)).toBe('window_in_future');
    expect(reason(START + 365 * 24 * HOUR)).toBe('window_in_future');
    const ending = (endMs: number): string =>
      reasonOf(mapping({ window: session }), { key: keyOf('a', endMs, START), value: json({ N: 1 }) }, now);
    expect(ending(now)).toBe('decoded');
    expect(ending(now + 2 * HOUR)).toBe('window_in_future');
  });

  it.each(['8000000000000000', '7fffffffffffffff', 'ffffffffffffffff'])('%s in a key is none', (hex) => {
    const bad = Buffer.concat([Buffer.from('gold'), Buffer.from(hex, 'hex')]);
    expect(reasonOf(mapping(), { key: bad, value: json({ N: 1 }) })).toBe('bad_time');
  });

  it('of a session that ends before it starts', () => {
    const bad = Buffer.concat([Buffer.from('gold'), int64(START - 1), int64(START)]);
    expect(reasonOf(mapping({ window: session }), { key: bad, value: json({ N: 1 }) })).toBe('window_end');
  });
});

describe('any JSON in any place', () => {
  const anyText = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.integer({ min: 1, max: 20_000 }).map(nested),
    fc.constantFrom(
      '1e999',
      '{"__proto__":1}',
      '"\\udfff"',
      '{"long":1e999}',
      '{"string":[]}',
      '9'.repeat(5_000),
    ),
  );
  it('is a point or a refusal', () => {
    const of = withKey({
      dimensions: [
        { in: 'key', path: ['a'] },
        { in: 'value', path: ['id'] },
      ],
      start: { from: 'field', in: 'value', path: ['at'], unit: 'text' },
      measures: [
        { path: ['N'], optional: false },
        { path: ['M', 'x'], optional: true },
      ],
    });
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 5, maxLength: 5 }), ([a, n, m, id, at]) => {
        const recordKey = Buffer.concat([Buffer.from(`{"a":${a!}}`), int64(START)]);
        const value = Buffer.from(`{"N":${n!},"M":${m!},"id":${id!},"at":${at!}}`);
        expect(reasonOf(of, { key: recordKey, value })).toMatch(/^[a-z_]+$/);
        expect(reasonOf(withKey(), { key: Buffer.concat([Buffer.from(a!), int64(START)]), value })).toMatch(
          /^[a-z_]+$/,
        );
      }),
      { numRuns: 200 },
    );
  });
});
