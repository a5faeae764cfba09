import { common, parse, Root, util, type Type } from 'protobufjs';
import type { RegisteredSchema, SchemaSource } from '../format';

/** Bytes are written by protobufjs with a separate schema. */

export const PROTO = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/duration.proto";
import "google/type/date.proto";
import "confluent/meta.proto";
import "confluent/type/decimal.proto";
import "parts/line.proto";

message Other { string note = 1; }
message Orders {
  int64 count = 1 [(confluent.field_meta).doc = "how many"];
  double total = 2;
  uint64 id = 3;
  sint64 change = 4;
  optional int32 paid = 5;
  Status status = 6;
  google.protobuf.Timestamp window_start = 7;
  google.protobuf.DoubleValue average = 8;
  repeated parts.Line lines = 9;
  map<string, int64> by_till = 10;
  map<int64, Place> places = 11;
  oneof customer { string name = 12; int64 number = 13; }
  Place place = 14;
  repeated int32 packed = 15;
  google.protobuf.Struct extra = 16;
  google.protobuf.Duration took = 17;
  confluent.type.Decimal price = 18;
  fixed64 fixed = 19;
  sfixed32 small = 20;
  bool open = 21;
  bytes raw = 22;
  float ratio = 23;
  Orders previous = 24;
  google.type.Date day = 25;
  message Place { string city = 1; message Deep { int32 n = 1; } }
  enum Status { NEW = 0; PAID = 1; }
}
`;
export const LINE = 'syntax = "proto3"; package parts; message Line { string sku = 1; int64 amount = 2; }';
export const DATE =
  'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }';
export const BUILT_IN = `syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`;

export const writers = new Root();
for (const text of [LINE, BUILT_IN, DATE, PROTO]) parse(text, writers, { keepCase: true });
for (const name of ['timestamp', 'wrappers', 'struct', 'duration']) {
  writers.addJSON(common.get(`google/protobuf/${name}.proto`)!.nested!);
}
writers.resolveAll();
export const Orders = writers.lookupType('shop.Orders');
const Long = util.Long as unknown as { fromString(text: string, unsigned?: boolean): object };
export const long = (text: string, unsigned?: boolean): object => Long.fromString(text, unsigned);
export const write = (content: object, type: Type = Orders): Buffer =>
  Buffer.from(type.encode(type.fromObject(content as Record<string, unknown>)).finish());

export const schema: RegisteredSchema = {
  type: 'PROTOBUF',
  text: PROTO,
  references: [{ name: 'parts/line.proto', text: LINE }],
};
export const registryOf = (of: RegisteredSchema): SchemaSource => ({
  known: (id) => (id === 7 ? of : undefined),
});
export const registry = registryOf(schema);
export const framed = (message: Buffer, indexes: readonly number[] = [2, 2]): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(indexes), message]);
