import avro, { type Schema } from 'avsc';
import { parse } from 'protobufjs';
import type { PayloadMapping } from '../domain/mapping';
import { decode, int64, json, mapping, session, START } from './decoding.test-support';
import type { RegisteredSchema, SchemaSource } from './format';
import { murmur2 } from './murmur2';

/** Keys of every format: plain, followed by a window start, and followed by the end and start of a session. */

const AVSC: Schema = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'string' }] };
const PROTO = 'syntax = "proto3"; message Key { string id = 1; }';
const registered: Readonly<Record<number, RegisteredSchema>> = {
  1: { type: 'AVRO', text: JSON.stringify(AVSC), references: [] },
  2: { type: 'PROTOBUF', text: PROTO, references: [] },
};
const schemas: SchemaSource = { known: (id) => registered[Number(id)] };
const proto = parse(PROTO).root.lookupType('Key');
const protoKey = Buffer.from(proto.encode({ id: 'seven' }).finish());
const avroKey = avro.Type.forSchema(AVSC).toBuffer({ id: 'seven' });
const sized = (length: number, write: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
};

const KEYS: readonly [PayloadMapping, Buffer, string][] = [
  [{ format: 'string' }, Buffer.from('seven'), 'seven'],
  [{ format: 'short' }, sized(2, (b) => b.writeInt16BE(7)), '7'],
  [{ format: 'int' }, sized(4, (b) => b.writeInt32BE(7)), '7'],
  [{ format: 'long' }, int64(7), '7'],
  [{ format: 'bigint' }, Buffer.from('7fffffffffffffff', 'hex'), '9223372036854775807'],
  [{ format: 'float' }, sized(4, (b) => b.writeFloatBE(1.5)), '1.5'],
  [{ format: 'double' }, sized(8, (b) => b.writeDoubleBE(1.5)), '1.5'],
  [{ format: 'json' }, Buffer.from('"seven"'), 'seven'],
  [{ format: 'json' }, Buffer.from('{"id":"seven"}'), 'seven'],
  [{ format: 'json' }, Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), Buffer.from('{"id":"seven"}')]), 'seven'],
  [{ format: 'json' }, json({ schema: null, payload: { id: 'seven' } }), 'seven'],
  [{ format: 'avro' }, Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), avroKey]), 'seven'],
  [{ format: 'avro', schema: { path: 'key.avsc', bytes: json(AVSC) } }, avroKey, 'seven'],
  [{ format: 'protobuf' }, Buffer.concat([Buffer.from([0, 0, 0, 0, 2, 0]), protoKey]), 'seven'],
  [{ format: 'protobuf', schema: { path: 'key.proto', bytes: Buffer.from(PROTO) } }, protoKey, 'seven'],
  [{ format: 'delimited', columns: ['id', 'till'] }, Buffer.from('seven,3'), 'seven'],
];

describe.each(KEYS)('a key %j', (format, inner, label) => {
  const path = label === 'seven' && format.format !== 'string' && inner[0] !== 0x22 ? ['id'] : [];
  const value = json({ N: 1 });

  it('plain', () => {
    const of = mapping({
      key: { ...format, windowed: 'none' },
      start: { from: 'timestamp' },
      dimensions: [{ in: 'key', path }],
    });
    const point = decode(of, { key: inner, value }, schemas);
    expect(point).toMatchObject({ values: [label], startMs: START, placement: murmur2(inner) });
  });

  it('of a window, and of a session', () => {
    const dimensions = [{ in: 'key' as const, path }];
    const timed = mapping({ key: { ...format, windowed: 'time' }, dimensions });
    const key = Buffer.concat([inner, int64(START)]);
    expect(decode(timed, { key, value }, schemas)).toMatchObject({ values: [label], startMs: START });
    expect(decode(timed, { key, value: null }, schemas)).toMatchObject({ values: [label], removed: true });
    const ofSession = mapping({ window: session, key: { ...format, windowed: 'session' }, dimensions });
    const sessionKey = Buffer.concat([inner, int64(START + 9), int64(START)]);
    expect(decode(ofSession, { key: sessionKey, value }, schemas)).toMatchObject({
      values: [label],
      startMs: START,
      endMs: START + 9,
      placement: murmur2(inner),
    });
  });
});
