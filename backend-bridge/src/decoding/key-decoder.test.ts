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
import { murmur2 } from './murmur2';

describe('keys', () => {
  const value = json({ N: 1 });
  it.each([
    ['int', Buffer.from([0, 0, 0, 42]), '42'],
    ['int', Buffer.from([255, 255, 255, 255]), '-1'],
    ['bigint', int64(-7), '-7'],
    ['bigint', Buffer.from('7fffffffffffffff', 'hex'), '9223372036854775807'],
    ['double', Buffer.from('3ff8000000000000', 'hex'), '1.5'],
    ['string', Buffer.from('zürich'), 'zürich'],
    ['string', Buffer.from(''), ''],
    ['json', Buffer.from('"gold"'), 'gold'],
    ['json', Buffer.from('7'), '7'],
    ['json', Buffer.from('null'), ''],
  ] as const)('%s %p', (format, inner, label) => {
    for (const windowed of ['time', 'none'] as const) {
      const of = mapping({
        key: { format, windowed },
        start: windowed === 'time' ? { from: 'key' } : { from: 'timestamp' },
      });
      const key = windowed === 'time' ? Buffer.concat([inner, int64(START)]) : inner;
      const point = decode(of, { key, value });
      expect(point).toMatchObject({ values: [label], startMs: START, placement: murmur2(inner) });
    }
  });

  it('reads several fields of a JSON key, in any case, and one inside another', () => {
    const of = mapping({
      key: { format: 'json', windowed: 'time' },
      dimensions: [
        { in: 'key', path: ['segment'] },
        { in: 'key', path: ['place', 'CITY'] },
        { in: 'value', path: ['kind'] },
        { in: 'value', path: ['none'] },
      ],
    });
    const inner = Buffer.from('{"SEGMENT":"gold","Place":{"city":"Bern"}}');
    const key = Buffer.concat([inner, int64(START)]);
    expect(decode(of, { key, value: json({ n: 2, KIND: true }) }).values).toEqual([
      'gold',
      'Bern',
      'true',
      '',
    ]);
  });

  it.each([
    ['key_missing', mapping(), null],
    ['key_length', mapping(), Buffer.from('short')],
    ['key_length', mapping({ key: { format: 'int', windowed: 'time' } }), keyOf('12345', START)],
    ['key_length', mapping({ window: session }), keyOf('', START)],
    ['key_malformed', mapping(), Buffer.concat([Buffer.from([0xc3, 0x28]), int64(START)])],
    ['key_malformed', mapping({ key: { format: 'json', windowed: 'time' } }), keyOf('gold', START)],
    ['window_misaligned', mapping(), keyOf('gold', START + 1)],
    ['bad_time', mapping(), keyOf('gold', -MINUTE)],
    ['bad_time', mapping(), Buffer.from('an ordinary text key')],
    ['window_end', mapping({ window: session }), keyOf('gold', START, START + 1)],
  ])('%s', (reason, of, key) => {
    expect(reasonOf(of, { key, value })).toBe(reason);
  });

  it('keeps a replacement character that is really in a key', () => {
    expect(decode(mapping(), { key: keyOf('a\ufffdb', START), value }).values).toEqual(['a\ufffdb']);
  });

  it.each([
    ['shop-841', 'shop-5868'],
    ['paf5js', '1nrdim'],
  ])('keeps %s and %s apart, which have one hash', (one, other) => {
    expect(murmur2(Buffer.from(one))).toBe(murmur2(Buffer.from(other)));
    const [first, next] = [one, other].map((text) => ({ key: keyOf(text, START), value }));
    expect(decode(mapping(), first!, undefined, undefined, next).values).toEqual([other]);
    expect(decode(mapping(), next!, undefined, undefined, first).values).toEqual([one]);
  });

  it('needs no key where the mapping reads none', () => {
    const of = mapping({
      key: { format: 'none', windowed: 'none' },
      start: { from: 'field', in: 'value', path: ['ws'], unit: 'ms' },
      dimensions: [{ in: 'value', path: ['s'] }],
    });
    const body = json({ N: 1, s: 'x', ws: START });
    expect(decode(of, { value: body })).toMatchObject({ values: ['x'], keyHash: 0 });
    expect(decode(of, { key: Buffer.from('any'), value: body }).keyHash).toBe(murmur2(Buffer.from('any')));
  });

  it('gives one identity to a session whose end moves within its plain key', () => {
    const of = mapping({
      window: session,
      key: { format: 'json', windowed: 'none' },
      start: { from: 'field', in: 'key', path: ['window_start'], unit: 'ms' },
      end: { from: 'field', in: 'key', path: ['window_end'], unit: 'ms' },
      dimensions: [{ in: 'key', path: ['user'] }],
    });
    const key = (user: string, end: number): Buffer => json({ user, window_start: START, window_end: end });
    const first = decode(of, { key: key('a', START + 5), value });
    const later = decode(of, { key: key('a', START + 9), value });
    expect(later.keyHash).toBe(first.keyHash);
    expect(later).toMatchObject({ startMs: START, endMs: START + 9 });
    expect(decode(of, { key: key('b', START + 5), value }).values).toEqual(['b']);
  });
});

describe('the identity of a key with fields', () => {
  const of = (...fields: string[]) =>
    mapping({
      key: { format: 'json', windowed: 'time' },
      dimensions: fields.map((field) => ({ in: 'key' as const, path: field.split('.') })),
    });
  const hashOf = (inner: string, ...fields: string[]): number => {
    const { keyHash, placement } = decode(of(...fields), { key: keyOf(inner, START), value: json({ N: 1 }) });
    expect(placement).toBe(murmur2(Buffer.from(inner)));
    expect(keyHash).not.toBe(0);
    return keyHash;
  };

  it('is the same however the key is written', () => {
    const fields = ['a', 'b.c'];
    const hash = hashOf('{"a":"x","b":{"c":1}}', ...fields);
    expect(hashOf('{ "b": {"C": 1}, "a": "x" }', ...fields)).toBe(hash);
    expect(hashOf('{"a":"x","b":{"c":"1"},"later":null}', ...fields)).toBe(hash);
  });

  it('is another one where a part differs that the mapping leaves out', () => {
    const hash = hashOf('{"a":"x","region":"eu"}', 'a');
    expect(hashOf('{ "region" : "eu", "a":"x"}', 'a')).toBe(hash);
    expect(hashOf('{"a":"x","region":"us"}', 'a')).not.toBe(hash);
    expect(hashOf('{"a":"x"}', 'a')).not.toBe(hash);
  });
});
