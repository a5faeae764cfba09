import { deflateSync } from 'node:zlib';
import { decode, int64, json, keyOf, mapping, reasonOf, refusalOf, START } from './decoding.test-support';
import type { RegisteredSchema, SchemaId, SchemaSource } from './format';
import { SchemaNeeded } from './undecodable';

/** Schema references of serializers: before the payload, or in a header. */

const key = keyOf('gold', START);
const GUID = '89791762-2336-4186-9674-299b90a802e2';
const guidBytes = Buffer.from(GUID.replaceAll('-', ''), 'hex');
const idFrame = (id: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, payload]);
};
const guidFrame = (payload: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from([1]), guidBytes, payload]);
const glueFrame = (compression: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([3, compression]), guidBytes, payload]);

const avroSchema: RegisteredSchema = {
  type: 'AVRO',
  text: JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'N', type: 'long' }] }),
  references: [],
};
const registry = (known: ReadonlyMap<SchemaId, RegisteredSchema>): SchemaSource => ({
  known: (id) => known.get(id),
});
const schemas = registry(
  new Map<SchemaId, RegisteredSchema>([
    [7, avroSchema],
    [GUID, avroSchema],
  ]),
);
const ten = Buffer.from([20]);
const avro = mapping({ value: { format: 'avro' } });

describe('Avro', () => {
  it.each([
    ['behind an id', { value: idFrame(7, ten) }],
    ['behind a GUID', { value: guidFrame(ten) }],
    ['with a GUID in a header', { value: ten, headers: { __value_schema_id: guidFrame() } }],
    ['with the header twice', { value: ten, headers: { __value_schema_id: [guidFrame(), guidFrame()] } }],
    ['with an id in a header', { value: ten, headers: { __value_schema_id: idFrame(7, Buffer.alloc(0)) } }],
    ['with an id of Apicurio in a header', { value: ten, headers: { 'apicurio.value.contentId': int64(7) } }],
    ['with its older header', { value: ten, headers: { 'apicurio.value.globalId': [int64(7)] } }],
    ['with a header of its key only', { value: idFrame(7, ten), headers: { __key_schema_id: guidFrame() } }],
  ])('%s', (_, record) => {
    expect(decode(avro, { key, ...record }, schemas).measures).toEqual([10]);
  });

  it('says what to set where an id of Apicurio has eight bytes', () => {
    const value = Buffer.concat([Buffer.from([0]), int64(7), ten]);
    const refused = refusalOf(avro, { key, value }, { schemas });
    expect(refused.reason).toBe('unknown_schema');
    expect(refused.message).toContain('Legacy4ByteIdHandler');
  });

  it('asks for a schema by its id or GUID', () => {
    const nothing = registry(new Map());
    const needed = (record: object): SchemaId => {
      try {
        decode(avro, { key, ...record }, nothing);
      } catch (error) {
        if (error instanceof SchemaNeeded) return error.schemaId;
      }
      throw new Error('it asked for none');
    };
    expect(needed({ value: idFrame(9, ten) })).toBe(9);
    expect(needed({ value: ten, headers: { __value_schema_id: guidFrame() } })).toBe(GUID);
  });

  it.each([
    ['no frame', { value: ten }, 'value_malformed', /no header names a schema.*`schema: …`/],
    ['an id of no registry', { value: idFrame(0x80000000, ten) }, 'unknown_schema', /2147483648/],
    [
      'a header that is cut off',
      { value: ten, headers: { __value_schema_id: Buffer.from([1, 2]) } },
      'value_malformed',
      /__value_schema_id has 2 bytes/,
    ],
    ['a version in AWS Glue', { value: glueFrame(0, ten) }, 'unknown_schema', new RegExp(`version ${GUID}`)],
  ])('%s is a dead letter', (_, record, reason, message) => {
    const refused = refusalOf(avro, { key, ...record }, { schemas });
    expect(refused.reason).toBe(reason);
    expect(refused.message).toMatch(message);
  });

  it('is read with the schema of a file, behind the frame that the mapping names', () => {
    const schema = { path: 'r.avsc', bytes: Buffer.from(avroSchema.text) };
    const of = (framing?: 'none' | 'confluent' | 'glue') =>
      mapping({ value: { format: 'avro', schema, framing } });
    expect(decode(of(), { key, value: ten }).measures).toEqual([10]);
    expect(decode(of('glue'), { key, value: glueFrame(0, ten) }).measures).toEqual([10]);
    expect(decode(of('glue'), { key, value: glueFrame(5, deflateSync(ten)) }).measures).toEqual([10]);
    expect(decode(of('confluent'), { key, value: idFrame(99, ten) }).measures).toEqual([10]);
    expect(refusalOf(of('glue'), { key, value: ten }).message).toMatch(/`framing: glue` says/);
    expect(reasonOf(of('glue'), { key, value: glueFrame(5, ten) })).toBe('value_malformed');
    expect(reasonOf(of('glue'), { key, value: glueFrame(4, ten) })).toBe('value_malformed');
    expect(() =>
      mapping({ value: { format: 'avro', schema: { path: 'x.avsc', bytes: Buffer.from('{') } } }),
    ).not.toThrow();
    expect(() =>
      decode(mapping({ value: { format: 'avro', schema: { path: 'x.avsc', bytes: Buffer.from('{') } } }), {}),
    ).toThrow('x.avsc: not an Avro schema');
  });

  it('does not unpack more than a record may hold', () => {
    const schema = { path: 'r.avsc', bytes: Buffer.from(avroSchema.text) };
    const bomb = deflateSync(Buffer.alloc(64_000_000));
    const of = mapping({ value: { format: 'avro', schema, framing: 'glue' } });
    expect(refusalOf(of, { key, value: glueFrame(5, bomb) }).message).toMatch(/cannot be unpacked/);
  });

  it('is a key too, before a window, and two schemas of one key are the same key', () => {
    const of = mapping({
      key: { format: 'avro', windowed: 'session' },
      window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: 1, graceMs: 0 },
      dimensions: [{ in: 'key', path: ['n'] }],
    });
    const other = registry(
      new Map<SchemaId, RegisteredSchema>([
        [7, avroSchema],
        [8, { ...avroSchema }],
      ]),
    );
    const [first, second] = [7, 8].map((id) =>
      decode(of, { key: keyOf(idFrame(id, ten), START + 5, START), value: json({ N: 1 }) }, other),
    );
    expect(first).toMatchObject({ values: ['10'], startMs: START, endMs: START + 5 });
    expect(second!.keyHash).toBe(first!.keyHash);
  });

  it('with a GUID in a header is not taken for another key of the same bytes', () => {
    const text: RegisteredSchema = { ...avroSchema, text: avroSchema.text.replace('long', 'int') };
    const wide: RegisteredSchema = {
      ...avroSchema,
      text: JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'M', type: 'long' }] }),
    };
    const both = registry(
      new Map<SchemaId, RegisteredSchema>([
        [7, text],
        [8, wide],
      ]),
    );
    const of = mapping({
      key: { format: 'avro', windowed: 'time' },
      dimensions: [
        { in: 'key', path: ['N'] },
        { in: 'key', path: ['M'] },
      ],
    });
    const decoder = (id: number) => ({
      key: keyOf(ten, START),
      value: json({ N: 1 }),
      headers: { __key_schema_id: idFrame(id, Buffer.alloc(0)) },
    });
    expect(decode(of, decoder(7), both, undefined, decoder(8)).values).toEqual(['', '10']);
  });
});

describe('JSON behind the id of a JSON Schema', () => {
  it('needs no registry', () => {
    const value = json({ N: 5 });
    for (const framed of [
      idFrame(12, value),
      guidFrame(value),
      glueFrame(0, value),
      glueFrame(5, deflateSync(value)),
    ]) {
      expect(decode(mapping(), { key, value: framed }).measures).toEqual([5]);
    }
    expect(decode(mapping(), { key, value, headers: { __value_schema_id: guidFrame() } }).measures).toEqual([
      5,
    ]);
  });

  it('that is none is a dead letter that names the id', () => {
    const refused = refusalOf(mapping(), { key, value: idFrame(12, Buffer.from('\u0002abc')) });
    expect(refused.reason).toBe('value_malformed');
    expect(refused.message).toMatch(/begins with the id of schema 12 .*`format: avro` or `format: protobuf`/);
  });
});
