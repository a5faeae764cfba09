import avro, { type Schema } from 'avsc';
import { parse } from 'protobufjs';
import { parseMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import type { RegisteredSchema, SchemaSource } from '../../../backend-bridge/src/decoding/format';
import {
  createRecordDecoder,
  type DecodedPoints,
  type RawRecord,
} from '../../../backend-bridge/src/decoding/record-decoder';
import { median, round, say, type Measurement, type Scenario } from '../scenario';

const SERIES = 1_000;
const START_MS = 1_700_000_040_000;
const TARGET = 100_000;

interface Totals {
  readonly shop: string;
  readonly orders: number;
  readonly turnover: number;
  readonly average: number;
  readonly note: string;
  readonly window_start: number;
}

const AVSC: Schema = {
  type: 'record',
  name: 'Totals',
  fields: [
    { name: 'shop', type: ['null', 'string'] },
    { name: 'orders', type: ['null', 'long'] },
    { name: 'turnover', type: ['null', 'double'] },
    { name: 'average', type: ['null', 'double'] },
    { name: 'note', type: ['null', 'string'] },
    { name: 'window_start', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
};
const PROTO = `syntax = "proto3"; message Totals { string shop = 1; int64 orders = 2; double turnover = 3;
  optional double average = 4; string note = 5; int64 window_start = 6; }`;

const schemas: SchemaSource = {
  known: (id) => SCHEMAS[Number(id)],
};
const SCHEMAS: Readonly<Record<number, RegisteredSchema>> = {
  1: { type: 'AVRO', text: JSON.stringify(AVSC), references: [] },
  2: { type: 'PROTOBUF', text: PROTO, references: [] },
};

function writers(): Readonly<Record<'json' | 'avro' | 'protobuf', (totals: Totals) => Uint8Array>> {
  const avroType = avro.Type.forSchema(AVSC);
  const protoType = parse(PROTO, { keepCase: true }).root.lookupType('Totals');
  return {
    json: (totals) => Buffer.from(JSON.stringify(totals)),
    avro: (totals) => Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), avroType.toBuffer(totals)]),
    protobuf: (totals) =>
      Buffer.concat([
        Buffer.from([0, 0, 0, 0, 2, 0]),
        protoType.encode(protoType.fromObject(totals)).finish(),
      ]),
  };
}

function records(write: (totals: Totals) => Uint8Array): RawRecord[] {
  return Array.from({ length: 5 * SERIES }, (_, i) => {
    const shop = `shop-${i % SERIES}`;
    const key = Buffer.alloc(shop.length + 8);
    key.write(shop);
    key.writeBigInt64BE(BigInt(START_MS), shop.length);
    const totals = {
      shop,
      orders: i,
      turnover: i * 1.5,
      average: 1.5,
      note: 'x'.repeat(40),
      window_start: START_MS,
    };
    return { key, value: Buffer.from(write(totals)), offset: i, timestampMs: START_MS };
  });
}

/** From the bytes of a record to its point, by format: one core, no Kafka and no store. */
export const decoding: Scenario = {
  name: 'decoding',
  title: 'records a second of processor time, by format: a key, a label, three measures, a text beside them',
  options: { n: 1_000_000, rounds: 5 },
  run: (options) => {
    const results = Object.entries(writers()).map(([format, write]): Measurement => {
      const [mapping] = parseMetricsFile(
        `version: 1
metrics:
  totals:
    topic: totals
    value: { format: ${format} }
    window: { type: tumbling, size: 1m }
    dimensions: { shop: { from: key } }
    measures: { value: { field: orders }, turnover: { field: turnover }, average: { field: average } }`,
        'metrics.yaml',
      );
      const decoder = createRecordDecoder(mapping!, { schemas, onUnsafeInteger: () => undefined });
      const written = records(write);
      const n = options.get('n');
      const rate = (): number => {
        // Processor time, all threads of the collector included: what else the machine does is not in it.
        const began = process.cpuUsage();
        for (let done = 0; done < n; done += written.length) {
          const slice: DecodedPoints = { points: [], maxEventMs: null };
          for (const record of written) decoder.decodeInto(slice, record, 1, START_MS);
          if (slice.points.at(-1)!.measures[0] !== written.length - 1)
            throw new Error(`${format}: another number`);
        }
        const { user, system } = process.cpuUsage(began);
        return (n / (user + system)) * 1_000_000;
      };
      rate();
      const rates = Array.from({ length: options.get('rounds') }, rate);
      const middle = Math.round(median(rates));
      say(`decoding ${format}: ${middle} records/s`);
      return {
        what: format,
        n,
        rate: middle,
        bytes: round(written.reduce((sum, { value }) => sum + value!.length, 0) / written.length),
        target: `${TARGET} records/s`,
        met: middle >= TARGET,
      };
    });
    return Promise.resolve(results);
  },
};
