import fc from 'fast-check';
import type { FormatName } from '../../domain/mapping';
import { decode, int64, keyOf, mapping, reasonOf, refusalOf, START } from '../decoding.test-support';

/** Values that are one number, as Serdes.Long and ksqlDB's KAFKA format write them: `field: $`. */

const key = keyOf('gold', START);
const bare = (format: FormatName) =>
  mapping({ value: { format }, measures: [{ path: [], optional: false }] });
const bytes = (length: number, write: (buffer: Buffer) => void): Buffer => {
  const buffer = Buffer.alloc(length);
  write(buffer);
  return buffer;
};

describe('bare values', () => {
  it.each<[FormatName, Buffer, number]>([
    ['long', int64(5), 5],
    ['bigint', int64(-7), -7],
    ['int', bytes(4, (b) => b.writeInt32BE(-2)), -2],
    ['short', bytes(2, (b) => b.writeInt16BE(300)), 300],
    ['double', bytes(8, (b) => b.writeDoubleBE(1.5)), 1.5],
    ['float', bytes(4, (b) => b.writeFloatBE(0.25)), 0.25],
    ['string', Buffer.from('12.5'), 12.5],
    ['json', Buffer.from('5'), 5],
    ['json', Buffer.from('"5"'), 5],
    ['json', Buffer.from(' -1e3 '), -1_000],
  ])('%s %p', (format, value, number) => {
    expect(decode(bare(format), { key, value })).toMatchObject({ measures: [number], removed: false });
  });

  it('past 2^53 become the nearest double, with a warning', () => {
    const value = Buffer.from('7fffffffffffffff', 'hex');
    expect(decode(bare('long'), { key, value })).toMatchObject({ measures: [2 ** 63], warned: ['value'] });
    expect(decode(bare('json'), { key, value: Buffer.from('9007199254740993') }).warned).toEqual(['value']);
  });

  it('may be NaN as a double, and a tombstone removes', () => {
    const value = bytes(8, (b) => b.writeDoubleBE(Number.NaN));
    expect(decode(bare('double'), { key, value }).measures).toEqual([Number.NaN]);
    expect(decode(bare('long'), { key, value: null }).removed).toBe(true);
  });

  it('of another length, or null, are dead letters that say so', () => {
    expect(refusalOf(bare('long'), { key, value: Buffer.from('5') })).toMatchObject({
      reason: 'value_malformed',
      message: expect.stringContaining('the value has 1 bytes; a bigint has 8') as string,
    });
    expect(reasonOf(bare('json'), { key, value: Buffer.from('null') })).toBe('missing_field');
    expect(reasonOf(bare('json'), { key, value: Buffer.from('{"N":1}') })).toBe('not_a_number');
    expect(reasonOf(bare('string'), { key, value: Buffer.from('five') })).toBe('not_a_number');
  });

  it.each<[string, Buffer, RegExp]>([
    ['a number in JSON', Buffer.from('5'), /the value is 5, not an object .* reads N; .*`field: \$`/],
    ['a text in JSON', Buffer.from('"5"'), /the value is "5", .*`field: \$`/],
    ['a long', int64(5), /8 bytes read as the integer 5, as Serdes.Long writes; say `format: bigint`/],
    ['a double', Buffer.from('3ff8000000000000', 'hex'), /has 8 bytes, as a `double`/],
    ['delimited text', Buffer.from('5,1.5'), /say `format: delimited` and name its `columns`/],
    ['plain text', Buffer.from('five'), /say `format: string`/],
    ['nothing', Buffer.alloc(0), /it is empty/],
  ])('%s, where the mapping names fields of JSON, is a dead letter with advice', (_, value, message) => {
    const refused = refusalOf(mapping(), { key, value });
    expect(refused.reason).toBe('value_malformed');
    expect(refused.message).toMatch(message);
  });

  it('any bytes are a number or a refusal', () => {
    const formats = fc.constantFrom<FormatName>('string', 'short', 'int', 'long', 'float', 'double', 'json');
    fc.assert(
      fc.property(formats, fc.uint8Array({ maxLength: 12 }), (format, value) => {
        expect(reasonOf(bare(format), { key, value: Buffer.from(value) })).toMatch(
          /^(?:decoded|value_malformed|not_a_number|missing_field)$/,
        );
      }),
    );
  });
});
