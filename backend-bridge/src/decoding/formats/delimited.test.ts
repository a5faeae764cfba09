import fc from 'fast-check';
import { decode, keyOf, mapping, reasonOf, refusalOf, START, type Over } from '../decoding.test-support';

const key = keyOf('gold', START);
const delimited = (delimiter?: string, over: Over = {}) =>
  mapping({
    value: { format: 'delimited', columns: ['COUNT', 'TOTAL', 'NOTE'], delimiter },
    dimensions: [{ in: 'value', path: ['note'] }],
    measures: [
      { path: ['count'], optional: false },
      { path: ['TOTAL'], optional: true },
    ],
    ...over,
  });
const read = (line: string, delimiter?: string) =>
  decode(delimited(delimiter), { key, value: Buffer.from(line) });

describe('DELIMITED', () => {
  it.each<[string, string | undefined, (number | undefined)[], string]>([
    ['5,1.5,a', undefined, [5, 1.5], 'a'],
    ['5,,a b', undefined, [5, undefined], 'a b'],
    ['5,1.5,', undefined, [5, 1.5], ''],
    ['5,1.5,"say ""hi"", twice"', undefined, [5, 1.5], 'say "hi", twice'],
    ['"5","1.5",""\r\n', undefined, [5, 1.5], ''],
    ['5\t1.5\ta,b', 'TAB', [5, 1.5], 'a,b'],
    ['5;1.5;a', ';', [5, 1.5], 'a'],
    ['5 1.5 a', 'SPACE', [5, 1.5], 'a'],
  ])('%j', (line, delimiter, measures, label) => {
    expect(read(line, delimiter)).toMatchObject({ measures, values: [label] });
  });

  it.each([
    ['5,1.5', /has 2 columns; the mapping names 3 \(COUNT, TOTAL, NOTE\)/],
    ['5,1.5,a,b', /has 4 columns/],
    ['5,1.5,"a', /a quote is not closed/],
    ['5,1.5,"a"b', /text follows a closed quote/],
    ['', /has 1 columns/],
  ])('%j is a dead letter', (line, message) => {
    const refused = refusalOf(delimited(), { key, value: Buffer.from(line) });
    expect(refused.reason).toBe('value_malformed');
    expect(refused.message).toMatch(message);
  });

  it('is a key too, before a window', () => {
    const of = mapping({
      key: { format: 'delimited', columns: ['shop', 'till'], windowed: 'time' },
      dimensions: [
        { in: 'key', path: ['shop'] },
        { in: 'key', path: ['till'] },
      ],
    });
    const value = Buffer.from('{"N":1}');
    expect(decode(of, { key: keyOf('berlin,7', START), value }).values).toEqual(['berlin', '7']);
    expect(reasonOf(of, { key: keyOf('berlin', START), value })).toBe('key_malformed');
  });

  it('reads back what is written with every text quoted', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(fc.integer(), text, (count, note) => {
        expect(read(`${count},,"${note.replaceAll('"', '""')}"`)).toMatchObject({
          measures: [count, undefined],
          values: [note],
        });
      }),
    );
  });

  it('any text is a point or a refusal', () => {
    const line = fc.string({ unit: fc.constantFrom('"', ',', '1', 'a', '\n'), maxLength: 20 });
    fc.assert(
      fc.property(line, (written) => {
        expect(reasonOf(delimited(), { key, value: Buffer.from(written) })).toMatch(
          /^(?:decoded|value_malformed|not_a_number|missing_field)$/,
        );
      }),
    );
  });
});
