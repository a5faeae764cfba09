import fc from 'fast-check';
import { parseAvroSchema } from './avro-schema';

const record = (...fields: object[]): string => JSON.stringify({ type: 'record', name: 'R', fields });
const read = (schema: string, body: Buffer): unknown => parseAvroSchema(schema).decode(body);

describe('Avro', () => {
  const list = record(
    { name: 'N', type: 'long' },
    { name: 'items', type: { type: 'array', items: 'string' } },
  );
  const map = record({ name: 'tags', type: { type: 'map', values: 'int' } });

  it('reads arrays and maps, with and without the size of a block', () => {
    expect(read(list, Buffer.from([10, 4, 2, 0x61, 2, 0x62, 0]))).toEqual({ N: 5, items: ['a', 'b'] });
    expect(read(list, Buffer.from([10, 3, 8, 2, 0x61, 2, 0x62, 0]))).toEqual({ N: 5, items: ['a', 'b'] });
    expect(read(map, Buffer.from([2, 2, 0x61, 14, 0]))).toEqual({ tags: { a: 7 } });
  });

  it.each([
    ['strings', list, Buffer.from([10, 0xfe, 0xff, 0xff, 0xff, 0x7f, 0])],
    ['map entries', map, Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x7f, 0])],
    [
      'nulls, which take no bytes',
      record({ name: 'n', type: { type: 'array', items: 'null' } }),
      Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f, 0]),
    ],
    [
      'arrays of nulls',
      record({ name: 'n', type: { type: 'array', items: { type: 'array', items: 'null' } } }),
      Buffer.from([8, 12, 0, 12, 0, 12, 0, 12, 0, 0]),
    ],
  ])('refuses a count of %s that the bytes cannot hold, at once', (_, schema, body) => {
    const began = performance.now();
    expect(() => read(schema, body)).toThrow(/more items than/);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('keeps a map key that every object has a meaning for', () => {
    const name = Buffer.from('__proto__');
    const { tags } = read(map, Buffer.concat([Buffer.from([2, 18]), name, Buffer.from([14, 0])])) as {
      tags: Record<string, number>;
    };
    expect(Object.entries(tags)).toEqual([['__proto__', 7]]);
  });

  it('refuses a schema that never ends, and bytes nested too deep', () => {
    const endless = JSON.stringify({ type: 'record', name: 'E', fields: [{ name: 'next', type: 'E' }] });
    expect(() => read(endless, Buffer.from([0]))).toThrow();
    const chain = JSON.stringify({
      type: 'record',
      name: 'C',
      fields: [{ name: 'next', type: ['null', 'C'] }],
    });
    expect(() => read(chain, Buffer.alloc(1_000_000, 2))).toThrow();
  });

  it('refuses a decimal that no number holds, at once', () => {
    const decimal = record({
      name: 'd',
      type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
    });
    expect(read(decimal, Buffer.from([4, 0xff, 0x38]))).toEqual({ d: -2 });
    const began = performance.now();
    const long = Buffer.alloc(1_000_004, 0x7f);
    long.set([0x80, 0x89, 0x7a], 0);
    expect(() => read(decimal, long)).toThrow(/decimal/);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('gives a value or an error for any bytes', () => {
    const schema = record(
      { name: 'N', type: ['null', 'long', 'double'] },
      { name: 'deep', type: { type: 'map', values: { type: 'array', items: ['null', 'string', 'R'] } } },
      { name: 'b', type: 'bytes' },
      { name: 'd', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    );
    const parsed = parseAvroSchema(schema);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          parsed.decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
