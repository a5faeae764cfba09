import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro, { type Schema } from 'avsc';
import { parse } from 'protobufjs';
import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import type { RegisteredSchema, SchemaSource } from '../../backend-bridge/src/decoding/format';
import { createRecordDecoder, type DecodedPoints } from '../../backend-bridge/src/decoding/record-decoder';

/** The table of formats in *Connect your own topics*: each mapping reads a record of its format. */

const guide = readFileSync(join(__dirname, '../../docs/guides/connect-your-topics.md'), 'utf8');
const rows = [
  ...guide
    .split('### Formats')[1]!
    .split('\n- ')[0]!
    .matchAll(/^\| (.+) \| `(value: [^`]+)` \| `(field: [^`]+)` \|$/gm),
].map(([, writtenBy, value, field]) => ({ writtenBy: writtenBy!, value: value!, field: field! }));

const AVSC: Schema = { type: 'record', name: 'Orders', fields: [{ name: 'orders', type: 'long' }] };
const PROTO =
  'syntax = "proto3"; package shop; message Other {} message Orders { Totals totals = 1; message Totals { int64 orders = 1; } }';

const ORDERS = 12;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const idOf = (id: number, ...rest: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, id]), ...rest]);
const glueFrame = (...rest: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(16, 9), ...rest]);
const avroBody = avro.Type.forSchema(AVSC).toBuffer({ orders: ORDERS });
const protoBody = ((): Buffer => {
  const type = parse(PROTO, { keepCase: true }).root.lookupType('shop.Orders');
  return Buffer.from(type.encode(type.fromObject({ totals: { orders: ORDERS } })).finish());
})();
const long = Buffer.alloc(8);
long.writeBigInt64BE(BigInt(ORDERS));

/** Records by the words that a row of the table begins with. */
const RECORDS: Readonly<Record<string, readonly Buffer[]>> = {
  'ksqlDB, Flink: JSON': [json({ orders: ORDERS }), json({ ORDERS }), idOf(3, json({ orders: ORDERS }))],
  'Kafka Streams `count()`': [long],
  'one number as JSON': [json(ORDERS), json(String(ORDERS))],
  'ksqlDB: DELIMITED': [Buffer.from(`${ORDERS},1.5`)],
  'Avro with a registry': [idOf(1, avroBody)],
  'Avro without one': [avroBody],
  'Avro with AWS Glue': [glueFrame(avroBody)],
  'Protobuf with a registry': [idOf(2, Buffer.from([2, 2]), protoBody)],
  'Protobuf without one': [protoBody, glueFrame(Buffer.from([1]), protoBody)],
  'Kafka Connect': [
    json({ schema: { type: 'struct', fields: [] }, payload: { orders: ORDERS } }),
    json({ orders: ORDERS }),
  ],
  Debezium: [json({ before: null, after: { orders: ORDERS }, op: 'c' })],
};

const registered: Readonly<Record<number, RegisteredSchema>> = {
  1: { type: 'AVRO', text: JSON.stringify(AVSC), references: [] },
  2: { type: 'PROTOBUF', text: PROTO, references: [] },
};
const schemas: SchemaSource = { known: (id) => registered[Number(id)] };

describe('the formats of the guide', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-formats-'));
  beforeAll(() => {
    writeFileSync(join(folder, 'orders.avsc'), JSON.stringify(AVSC));
    writeFileSync(join(folder, 'orders.proto'), PROTO);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are all tried', () => {
    const untried = rows.filter(
      ({ writtenBy }) => !Object.keys(RECORDS).some((words) => writtenBy.startsWith(words)),
    );
    expect(untried).toEqual([]);
    expect(rows).toHaveLength(Object.keys(RECORDS).length);
  });

  it.each(rows)('$writtenBy: $value, $field', ({ writtenBy, value, field }) => {
    const text = `version: 1
metrics:
  orders:
    topic: orders
    key: { format: string, windowed: time }
    ${value}
    window: { type: tumbling, size: 1m }
    dimensions: { shop: { from: key } }
    measures: { value: { ${field}, combine: sum } }
`;
    const [mapping] = parseMetricsFile(text, join(folder, 'metrics.yaml'));
    const decoder = createRecordDecoder(mapping!, { schemas, onUnsafeInteger: () => undefined });
    const startMs = 1_700_000_040_000;
    const key = Buffer.from('berlin\0\0\0\0\0\0\0\0');
    key.writeBigInt64BE(BigInt(startMs), 6);
    const [, records] = Object.entries(RECORDS).find(([words]) => writtenBy.startsWith(words))!;
    const slice: DecodedPoints = { points: [], maxEventMs: null };
    for (const [offset, payload] of records.entries()) {
      decoder.decodeInto(slice, { key, value: payload, offset, timestampMs: startMs }, 1, startMs);
    }
    const point = { values: ['berlin'], startMs, measures: [ORDERS], removed: false };
    expect(slice.points).toMatchObject(records.map(() => point));
  });
});
