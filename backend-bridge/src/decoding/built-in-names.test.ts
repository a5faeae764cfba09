import avro from 'avsc';
import { decode, json, keyOf, mapping, START } from './decoding.test-support';
import type { SchemaSource } from './format';

/** Fields named like what every object, list or decoded value has: only what a record contains is read. */

const key = keyOf('gold', START);
const over = (path: readonly string[]) => ({ measures: [{ path, optional: true }] });
const registry = (schema: unknown): SchemaSource => ({
  known: () => ({ type: 'AVRO', text: JSON.stringify(schema), references: [] }),
});
const FRAME = Buffer.from([0, 0, 0, 0, 1]);
const fields = [
  { name: 'n', type: 'long' },
  { name: 'b', type: 'bytes' },
  { name: 'list', type: { type: 'array', items: 'long' } },
];
const record = (...more: object[]) => ({ type: 'record', name: 'R', fields: [...fields, ...more] });
const time = { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } };
const written = { n: 5, b: Buffer.from('abc'), list: [7, 8], t: START };
const value = Buffer.concat([
  FRAME,
  avro.Type.forSchema(record({ name: 't', type: 'long' }) as avro.Schema).toBuffer(written),
]);

describe('what no record contains is absent', () => {
  it.each([
    'clone',
    'compare',
    'isValid',
    'toBuffer',
    'wrap',
    'toString',
    'constructor',
    '__proto__',
    'valueOf',
    'b.length',
    'b.0',
    'b.buffer',
    'b.parent',
    'b.x',
    'list.length',
    'list.map',
    'list.at',
    't.ms',
    't.written',
  ])('Avro: %s', (path) => {
    const names = path.split('.');
    const of = mapping({ value: { format: 'avro' }, ...over(names) });
    expect(decode(of, { key, value }, registry(record(time))).measures).toEqual([undefined]);
    const label = mapping({
      value: { format: 'avro' },
      ...over(['n']),
      dimensions: [{ in: 'value', path: names }],
    });
    expect(decode(label, { key, value }, registry(record(time)))).toMatchObject({
      values: [''],
      measures: [5],
    });
  });

  it.each([
    'length',
    'list.length',
    'list.map',
    'text.length',
    'toString',
    'inner.constructor',
    '__proto__.N',
  ])('JSON: %s', (path) => {
    const text = json({ list: [1, 2], text: 'abc', inner: {}, N: 5 });
    expect(decode(mapping(over(path.split('.'))), { key, value: text }).measures).toEqual([undefined]);
  });
});

describe('what a record contains is read', () => {
  const names = ['length', 'map', 'at', 'toString', 'constructor', 'valueOf', 'ms', 'written', 'clone', '0'];
  it.each([...names, '__proto__'])('JSON: %s', (name) => {
    const text = Buffer.from(`{"${name}":3,"in":{"${name}":4},"list":[{"${name}":6}]}`);
    const read = (...path: string[]) => decode(mapping(over(path)), { key, value: text }).measures[0];
    expect([read(name), read('in', name), read('list', '0', name)]).toEqual([3, 4, 6]);
  });

  it.each(names.filter((name) => name !== '0'))('Avro: %s', (name) => {
    const schema = { type: 'record', name: 'R', fields: [{ name, type: 'long' }] };
    const of = mapping({ value: { format: 'avro' }, ...over([name]) });
    const bytes = Buffer.concat([FRAME, Buffer.from([6])]);
    expect(decode(of, { key, value: bytes }, registry(schema)).measures).toEqual([3]);
  });

  it('but for a field of Avro named __proto__, whose fields are not those of the record', () => {
    const inner = { type: 'record', name: 'I', fields: [{ name: 'n', type: 'long' }] };
    const schema = (type: unknown) => ({
      type: 'record',
      name: 'R',
      fields: [
        { name: '__proto__', type },
        { name: 'm', type: 'long' },
      ],
    });
    const bytes = Buffer.concat([FRAME, Buffer.from([6, 8])]);
    const read = (type: unknown, ...path: string[]) =>
      decode(
        mapping({ value: { format: 'avro' }, ...over(path) }),
        { key, value: bytes },
        registry(schema(type)),
      ).measures;
    expect(read(inner, 'n')).toEqual([undefined]);
    expect(read(inner, 'm')).toEqual([4]);
    expect(read('long', 'm')).toEqual([4]);
  });
});

it('a long field of bytes costs no time where the mapping looks into it', () => {
  const bytes = Buffer.concat([
    FRAME,
    avro.Type.forSchema(record({ name: 't', type: 'long' }) as avro.Schema).toBuffer({
      ...written,
      b: Buffer.alloc(900_000),
    }),
  ]);
  const of = mapping({ value: { format: 'avro' }, ...over(['b', 'x']) });
  const before = process.cpuUsage();
  for (let i = 0; i < 100; i += 1) decode(of, { key, value: bytes }, registry(record(time)));
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(4_000);
});
