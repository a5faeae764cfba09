/** Topics with a random format, window, offset and unit, each with the mapping that its author would write. */
import avro from 'avsc';
import { parse } from 'protobufjs';
import type { RegisteredSchema, SchemaSource } from '../../../backend-bridge/src/decoding/format';
import type { SampledRecord } from '../../../backend-bridge/src/decoding/topic-sample';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ORDERS_AVSC = JSON.stringify({
  type: 'record',
  name: 'Orders',
  fields: [
    { name: 'window_start', type: 'long' },
    { name: 'window_end', type: 'long' },
    { name: 'shop', type: 'string' },
    { name: 'order_count', type: 'long' },
    { name: 'total_amount', type: 'double' },
    { name: 'max_amount', type: ['null', 'double'], default: null },
  ],
});
const ORDERS_PROTO =
  'syntax = "proto3"; message Orders { int64 window_start = 1; int64 window_end = 2; string shop = 3; int64 order_count = 4; double total_amount = 5; optional double max_amount = 6; }';

export interface RandomTopic {
  readonly topic: string;
  /** For the test's title. */
  readonly about: string;
  readonly records: readonly SampledRecord[];
  /** A metrics file, hand-written. */
  readonly byHand: string;
  readonly schemas: SchemaSource;
}

type Unit = 'ms' | 's' | 'us' | 'text';
type Layout = 'streams' | 'flink' | 'plain key' | 'no key';
type Format = 'json' | 'avro' | 'protobuf' | 'bare long' | 'delimited';

interface Shape {
  readonly layout: Layout;
  readonly format: Format;
  readonly unit: Unit;
  readonly window: {
    readonly type: 'tumbling' | 'hopping' | 'session' | 'calendar';
    readonly sizeMs: number;
    readonly advanceMs: number;
    readonly offsetMs: number;
  };
}

const registered: Readonly<Record<string, RegisteredSchema>> = {
  17: { type: 'AVRO', text: ORDERS_AVSC, references: [] },
  18: { type: 'PROTOBUF', text: ORDERS_PROTO, references: [] },
};
const protoType = parse(ORDERS_PROTO, { keepCase: true }).root.lookupType('Orders');
const avroType = avro.Type.forSchema(JSON.parse(ORDERS_AVSC) as avro.Schema);
const schemas: SchemaSource = {
  known: (id) => registered[String(id)] ?? { unknown: `the registry has no schema ${id}` },
};

const int64 = (ms: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(ms));
  return bytes;
};

function written(ms: number, unit: Unit): number | string {
  switch (unit) {
    case 'ms':
      return ms;
    case 's':
      return ms / 1_000;
    case 'us':
      return ms * 1_000;
    case 'text':
      return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  }
}

/** What of all shapes there can be: a delimited line has no bounds of a session, a bare number has no fields. */
function randomShape(pick: <T>(choices: readonly T[]) => T, random: () => number): Shape {
  const layout = pick<Layout>(['streams', 'streams', 'flink', 'plain key', 'no key']);
  const format = pick<Format>(
    layout === 'streams'
      ? ['json', 'avro', 'protobuf', 'bare long', 'delimited']
      : ['json', 'json', 'avro', 'protobuf'],
  );
  const unit: Unit =
    format === 'avro' || format === 'protobuf' ? pick(['ms', 'us']) : pick(['ms', 's', 'us', 'text']);
  const type = pick(['tumbling', 'tumbling', 'hopping', 'session'] as const);
  const sizeMs = pick([MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR]);
  const advanceMs =
    type === 'hopping' ? sizeMs / pick([3, 5, 10].filter((n) => sizeMs % (n * 1_000) === 0)) : sizeMs;
  const offsetMs = random() < 0.5 ? 0 : Math.floor((random() * advanceMs) / 1_000) * 1_000;
  return { layout, format, unit, window: { type, sizeMs, advanceMs, offsetMs } };
}

const duration = (ms: number): string => `${ms}ms`;

function mappingOf(topic: string, { layout, format, unit, window }: Shape): string {
  const { type, sizeMs, advanceMs, offsetMs } = window;
  const offset = offsetMs === 0 ? '' : `, offset: ${duration(offsetMs)}`;
  const session = type === 'session';
  const windowText = session
    ? 'type: session, gap: 5m'
    : `type: ${type}, size: ${duration(sizeMs)}${type === 'hopping' ? `, advance: ${duration(advanceMs)}` : ''}${offset}`;
  const value = {
    json: '{ format: json }',
    avro: '{ format: avro }',
    protobuf: '{ format: protobuf }',
    'bare long': '{ format: long }',
    delimited: '{ format: delimited, columns: [column_1, column_2, column_3] }',
  }[format];
  const inKey = layout === 'flink' ? ', in: key' : '';
  const times =
    layout === 'streams'
      ? ''
      : `    time:
      start: { field: window_start, unit: ${unit}${inKey} }
${session ? `      end: { field: window_end, unit: ${unit}${inKey} }\n` : ''}`;
  const key = {
    streams: `{ format: string, windowed: ${session ? 'session' : 'time'} }`,
    flink: '{ format: json }',
    'plain key': '{ format: string }',
    'no key': '{ format: none }',
  }[layout];
  const from = { streams: 'key', flink: '{ key: shop }', 'plain key': 'key', 'no key': '{ value: shop }' }[
    layout
  ];
  const measures =
    format === 'bare long'
      ? '      value: { field: $, combine: sum }'
      : format === 'delimited'
        ? `      value: { field: column_2, combine: sum }
      total: { field: column_3, combine: sum }`
        : `      value: { field: order_count, combine: sum }
      total: { field: total_amount, combine: sum }
      max: { field: max_amount, combine: max, optional: true }`;
  return `version: 1
metrics:
  by_hand:
    topic: ${topic}
    key: ${key}
    value: ${value}
    window: { ${windowText}, grace: 30s }
${times}    dimensions:
      shop: { from: ${from} }
    measures:
${measures}
`;
}

/** The windows of one event time. */
function windowsAt(at: number, { window }: Shape, length: number): { start: number; end: number }[] {
  const { type, sizeMs, advanceMs, offsetMs } = window;
  if (type === 'session') return [{ start: at, end: at + length }];
  const newest = Math.floor((at - offsetMs) / advanceMs) * advanceMs + offsetMs;
  return Array.from({ length: Math.round(sizeMs / advanceMs) }, (_, i) => newest - i * advanceMs).map(
    (start) => ({
      start,
      end: start + sizeMs,
    }),
  );
}

/** One topic. `random`: numbers in [0, 1). */
export function randomTopic(random: () => number, index: number): RandomTopic {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const shape = randomShape(pick, random);
  const { layout, format, unit, window } = shape;
  const topic = `orders-by-shop-${index}`;
  const shops = ['berlin', 'paris', 'oslo', 'rome'].slice(0, 2 + Math.floor(random() * 3));
  const from = 1_764_000_000_000 + Math.floor(random() * 1_000) * MINUTE;
  const totals = new Map<string, { orders: number; amount: number; max: number }>();
  const records: SampledRecord[] = [];
  const add = (at: number, start: number, end: number, shop: string): void => {
    const id = `${shop}@${start}@${end}`;
    const before = totals.get(id) ?? { orders: 0, amount: 0, max: 0 };
    const amount = Math.round(random() * 10_000) / 100;
    const now = {
      orders: before.orders + 1,
      amount: before.amount + amount,
      max: Math.max(before.max, amount),
    };
    totals.set(id, now);
    const bounds = { window_start: written(start, unit), window_end: written(end, unit) };
    const row = {
      ...bounds,
      shop,
      order_count: now.orders,
      total_amount: now.amount,
      // Sometimes not there.
      max_amount: random() < 0.1 ? null : now.max,
    };
    const values: Readonly<Record<Format, () => Buffer>> = {
      json: () => Buffer.from(JSON.stringify(row)),
      avro: () => Buffer.concat([Buffer.from([0, 0, 0, 0, 17]), avroType.toBuffer(row)]),
      protobuf: () =>
        Buffer.concat([
          Buffer.from([0, 0, 0, 0, 18, 0]),
          protoType.encode(protoType.fromObject(row)).finish(),
        ]),
      'bare long': () => int64(now.orders),
      delimited: () => Buffer.from(`${shop},${now.orders},${now.amount}`),
    };
    const keys: Readonly<Record<Layout, () => Buffer | null>> = {
      streams: () =>
        Buffer.concat([Buffer.from(shop), ...(window.type === 'session' ? [int64(end)] : []), int64(start)]),
      flink: () => Buffer.from(JSON.stringify({ shop, ...bounds })),
      'plain key': () => Buffer.from(shop),
      'no key': () => null,
    };
    records.push({
      partition: 0,
      offset: records.length,
      timestampMs: at,
      key: keys[layout](),
      value: values[format](),
    });
  };
  const spacing = window.type === 'session' ? 20 * MINUTE : window.advanceMs / 6;
  for (let i = 0; records.length < 400; i += 1) {
    const at = from + Math.floor((i * spacing) / 1_000) * 1_000;
    const shop = pick(shops);
    const length = Math.floor(random() * 4 * 60) * 1_000;
    for (const { start, end } of windowsAt(at, shape, length)) add(at, start, end, shop);
  }
  const about = `${layout}, ${format}, ${window.type} ${window.sizeMs / MINUTE}m/${window.advanceMs / 1_000}s + ${window.offsetMs / 1_000}s, ${unit}`;
  return { topic, about, records, byHand: mappingOf(topic, shape), schemas };
}
