import { int64, json, keyOf, mapping, reasonOf, refusalOf, session, START } from './decoding.test-support';

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
