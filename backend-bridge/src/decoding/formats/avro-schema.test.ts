import fc from 'fast-check';
import { UnreadableDecimal } from '../decimal';
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
    const before = process.cpuUsage();
    expect(() => read(schema, body)).toThrow(/more items than/);
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
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
    const before = process.cpuUsage();
    const long = Buffer.alloc(1_000_003, 0x7f);
    long.set([0x80, 0x89, 0x7a], 0);
    expect(read(decimal, long)).toEqual({ d: new UnreadableDecimal('a decimal of 1000000 bytes') });
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
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

  it('reads types of other schemas, in the order in which they need each other', () => {
    const text = (name: string, ...fields: object[]): string =>
      JSON.stringify({ type: 'record', name, namespace: 'shop', fields });
    const references = [
      { text: text('Money', { name: 'cents', type: 'long' }) },
      { text: text('Line', { name: 'price', type: 'Money' }) },
    ];
    const main = text('Order', { name: 'line', type: 'shop.Line' });
    expect(parseAvroSchema(main, references).decode(Buffer.from([10]))).toMatchObject({
      line: { price: { cents: 5 } },
    });
    expect(() => parseAvroSchema(main)).toThrow(/shop\.Line/);
  });

  it('reads the branch of any union as it is', () => {
    const branch = (name: string): object => ({ type: 'record', name, fields: [{ name: 'n', type: 'int' }] });
    const schema = record(
      { name: 'a', type: ['null', branch('A'), branch('B')] },
      { name: 'b', type: ['int', 'long', 'double', 'string'] },
    );
    expect(read(schema, Buffer.from([4, 14, 2, 8]))).toMatchObject({ a: { n: 7 }, b: 4 });
    expect(read(schema, Buffer.from([0, 6, 2, 0x61]))).toMatchObject({ a: null, b: 'a' });
    expect(() => read(schema, Buffer.from([8, 0]))).toThrow(/branch that its union does not have/);
  });

  it('reads logical types', () => {
    const at = 1_700_000_040_123;
    const long = (value: bigint): Buffer => {
      const bytes: number[] = [];
      for (let rest = value << 1n; ; rest >>= 7n) {
        if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
        bytes.push(Number(rest & 127n) | 128);
      }
    };
    const one = (type: object, body: Buffer): unknown =>
      (read(record({ name: 'x', type }), body) as { x: unknown }).x;
    for (const local of ['', 'local-']) {
      const of = (unit: string): object => ({ type: 'long', logicalType: `${local}timestamp-${unit}` });
      expect(one(of('millis'), long(BigInt(at)))).toMatchObject({ ms: at, written: at });
      expect(one(of('micros'), long(BigInt(at) * 1_000n + 7n))).toMatchObject({ ms: at });
      expect(one(of('nanos'), long(BigInt(at) * 1_000_000n + 7n))).toMatchObject({ ms: at });
    }
    expect(one({ type: 'int', logicalType: 'date' }, long(19_675n))).toMatchObject({
      ms: Date.UTC(2023, 10, 14),
    });
    expect(one({ type: 'int', logicalType: 'time-millis' }, long(5n))).toBe(5);
    const uuid = '89791762-2336-4186-9674-299b90a802e2';
    const sixteen = { type: 'fixed', name: 'F', size: 16, logicalType: 'uuid' };
    expect(one(sixteen, Buffer.from(uuid.replaceAll('-', ''), 'hex'))).toBe(uuid);
    const fixed = { type: 'fixed', name: 'D', size: 3, logicalType: 'decimal', precision: 6, scale: 2 };
    expect(one(fixed, Buffer.from('fffff5', 'hex'))).toBe(-0.11);
    const wide = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 20 };
    expect(one(wide, Buffer.concat([long(9n), Buffer.from('3635c9adc5dea00001', 'hex')]))).toBe(10);
    const big = { type: 'bytes', logicalType: 'big-decimal' };
    expect(one(big, Buffer.from([8, 4, 0x00, 0xdf, 4]))).toBe(2.23);
    const days = { type: 'fixed', name: 'Span', size: 12, logicalType: 'duration' };
    expect(one(days, Buffer.alloc(12))).toHaveLength(12);
  });
});
