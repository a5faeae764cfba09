import { parse, Root } from 'protobufjs';
import { FileDescriptorSet } from 'protobufjs/ext/descriptor';
import { StartRefusedError } from '../../domain/errors';
import { decode, keyOf, mapping, START, type Over } from '../decoding.test-support';
import { createMessageReader } from './protobuf-message';
import { parseProto } from './protobuf-schema';

const key = keyOf('gold', START);
const counting: Over = { measures: [{ path: ['count'], optional: true }] };

describe('Protobuf with the schema of a file', () => {
  const simple =
    'syntax = "proto3"; package shop; message Total { int64 count = 1; } message Other { int64 n = 1; }';
  const file = (text: string, message?: string, path = 'total.proto') =>
    mapping({
      ...counting,
      value: { format: 'protobuf', message, schema: { path, bytes: Buffer.from(text) } },
    });
  const body = Buffer.from([8, 5]);
  const glue = Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(16, 1), Buffer.from([0])]);

  it.each([
    ['plain', body],
    ['behind an id of Confluent', Buffer.concat([Buffer.from([0, 0, 0, 0, 7, 0]), body])],
    [
      'behind an id and a name of Apicurio',
      Buffer.concat([Buffer.from([0, 0, 0, 0, 7, 7, 0x0a, 5]), Buffer.from('Total'), body]),
    ],
    ['behind a version of AWS Glue', Buffer.concat([glue, body])],
  ])('%s', (_, value) => {
    expect(decode(file(simple, 'shop.Total'), { key, value }).measures).toEqual([5]);
    expect(decode(file(simple, 'Total'), { key, value }).measures).toEqual([5]);
  });

  it('reads a set of descriptors, whose last file has the message', () => {
    const root = new Root();
    parse(simple, root, { keepCase: true });
    root.resolveAll();
    const set = (root as unknown as { toDescriptor(edition: string): object }).toDescriptor('proto3');
    const bytes = Buffer.from(FileDescriptorSet.encode(set).finish());
    const of = mapping({
      ...counting,
      value: { format: 'protobuf', message: 'shop.Total', schema: { path: 'total.desc', bytes } },
    });
    expect(decode(of, { key, value: body }).measures).toEqual([5]);
    expect(decode(of, { key, value: Buffer.alloc(0) }).measures).toEqual([0]);
  });

  it.each([
    [
      'several messages and no name',
      file(simple),
      /total.proto: has 2 messages; name one: `message: shop.Total`/,
    ],
    [
      'a name that is not there',
      file(simple, 'shop.Tota'),
      /has no message shop.Tota; it has shop.Total, shop.Other/,
    ],
    ['text that is no .proto', file('message {'), /total.proto: cannot be used/],
    [
      'bytes that are no descriptors',
      file('message {', undefined, 'total.desc'),
      /total.desc: cannot be used/,
    ],
  ])('%s stops the start', (_, of, message) => {
    const start = (): unknown => decode(of, { key, value: body });
    expect(start).toThrow(StartRefusedError);
    expect(start).toThrow(message);
  });

  it('of proto2 has the defaults that are written in it', () => {
    const proto2 = parseProto(
      'syntax = "proto2"; message M { optional int32 a = 1 [default = 7]; optional int32 b = 2; required int64 c = 3; optional E e = 4 [default = Y]; enum E { X = 1; Y = 2; } repeated group G = 5 { optional int32 n = 1; } }',
    );
    const reader = createMessageReader(proto2.named('M')!, null);
    const read2 = (bytes: Buffer): unknown => reader.read(bytes, 0);
    const message = Buffer.from([0x18, 1, (5 << 3) | 3, 8, 9, (5 << 3) | 4]);
    expect(read2(message)).toMatchObject({ a: 7, c: 1, e: 'Y' });
    expect(JSON.stringify(read2(message))).toContain('"n":9');
    expect(read2(message)).toHaveProperty('b', undefined);
  });
});
