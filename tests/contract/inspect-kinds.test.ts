import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import type { SampledRecord } from '../../backend-bridge/src/decoding/topic-sample';
import { inspected, outcomes } from '../support/inspection/compared-points';
import {
  MINUTE,
  HOUR,
  START,
  json,
  int64,
  windowed,
  sqlTime,
  recordsOf,
  rows,
} from '../support/inspection/sampled-rows';

/** Kinds of windows, formats and faults one by one: what inspect proposes, beside a mapping by hand. */

/** A zone's midnights around the end of its summer time. */
const BERLIN_DAYS = Array.from({ length: 10 }, (_, i) =>
  i < 5 ? Date.UTC(2025, 9, 22 + i, -2) : Date.UTC(2025, 9, 22 + i, -1),
);

interface Kind {
  readonly about: string;
  readonly records: readonly SampledRecord[];
  readonly topic?: string;
  /** The hand-written metric, from `key:` on. */
  readonly byHand: string;
  /** What has to be asked. */
  readonly doubt?: RegExp;
}

const VALUE =
  'dimensions: { shop: { from: { value: shop } } }\n    measures: { value: { field: orders, combine: sum } }';
const KEYED = 'dimensions: { shop: { from: key } }\n    measures: { value: { field: orders, combine: sum } }';

const KINDS: readonly Kind[] = [
  {
    about: 'local days, with a clock that changes',
    records: rows(9, (shop, i) => ({
      key: null,
      value: json({ shop, day_start: BERLIN_DAYS[i], day_end: BERLIN_DAYS[i + 1], orders: i }),
      ts: BERLIN_DAYS[i]!,
    })),
    byHand: `key: { format: none }
    window: { type: calendar, unit: day, timezone: Europe/Berlin }
    retention: 90d
    time: { start: { field: day_start } }
    ${VALUE}`,
    doubt: /timezone: \d+ zones have these midnights/,
  },
  {
    about: 'cumulating windows (Flink’s CUMULATE)',
    records: rows(24, (shop, i) => ({
      key: null,
      value: json({
        shop,
        window_start: START + Math.floor(i / 12) * HOUR,
        window_end: START + Math.floor(i / 12) * HOUR + ((i % 12) + 1) * 5 * MINUTE,
        orders: i,
      }),
      ts: START + i * 5 * MINUTE,
    })),
    byHand: `key: { format: none }
    window: { type: cumulating, step: 5m, size: 1h }
    time: { start: { field: window_start }, end: { field: window_end } }
    ${VALUE}`,
    doubt: /size: no longer window is in the sample/,
  },
  {
    about: 'only the end of a window',
    records: rows(10, (shop, i) => ({
      key: Buffer.from(shop),
      value: json({ shop, window_end: new Date(START + (i + 1) * MINUTE).toISOString(), orders: i }),
      ts: START + (i + 1) * MINUTE,
    })),
    byHand: `key: { format: string }
    window: { type: tumbling, size: 1m }
    time: { end: { field: window_end, unit: text } }
    ${KEYED}`,
    doubt: /size: in no record/,
  },
  {
    about: 'Flink’s window_time: the last millisecond',
    records: rows(10, (shop, i) => ({
      key: null,
      value: json({
        shop,
        window_start: START + i * MINUTE,
        window_time: 0,
        window_end: START + (i + 1) * MINUTE - 1,
        orders: i,
      }),
      ts: START + (i + 1) * MINUTE,
    })),
    byHand: `key: { format: none }
    window: { type: tumbling, size: 1m }
    time: { start: { field: window_start } }
    dimensions: { shop: { from: { value: shop } } }
    measures: { value: { field: orders, combine: sum }, other: { field: window_time } }`,
  },
  {
    about: 'sliding windows',
    records: rows(30, (shop, i) => {
      const start = START + i * 17_003 + (shop === 'paris' ? 5_001 : 0);
      return {
        key: windowed(shop, start),
        value: json({ orders: i, window_end: start + 5 * MINUTE }),
        ts: start + 4_000,
      };
    }),
    byHand: `key: { format: string, windowed: time }
    window: { type: sliding, size: 5m }
    ${KEYED}`,
  },
  {
    about: 'windows that each series begins at a time of its own',
    records: rows(20, (shop, i) => {
      const start = START + i * 5 * MINUTE + (shop === 'paris' ? 137_123 : 42_000);
      return {
        key: windowed(shop, start),
        value: json({ orders: i, window_end: start + 5 * MINUTE }),
        ts: start,
      };
    }),
    byHand: `key: { format: string, windowed: time }
    window: { type: tumbling, size: 5m, offset: any }
    ${KEYED}`,
  },
  {
    about: 'change events of Debezium, with the id of a row as key',
    records: recordsOf([
      ...Array.from({ length: 12 }, (_, i) => ({
        key: json({ id: i }),
        value: json({
          before: null,
          after: {
            id: i,
            shop: i % 2 === 0 ? 'berlin' : 'paris',
            window_start: START + (i >> 1) * MINUTE,
            orders: i,
          },
          source: { ts_ms: START + i },
          op: 'c',
          ts_ms: START + i,
        }),
        ts: START + i * MINUTE,
      })),
    ]),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: after.window_start } }
    dimensions: { shop: { from: { value: after.shop } } }
    measures: { value: { field: after.orders, combine: sum } }`,
  },
  {
    about: 'Kafka Connect’s envelope, keys in quotes',
    records: rows(10, (shop, i) => ({
      key: json(shop),
      value: json({
        schema: {
          type: 'struct',
          fields: [
            { field: 'at', type: 'int64', name: 'org.apache.kafka.connect.data.Timestamp' },
            { field: 'orders', type: 'int32' },
          ],
        },
        payload: { at: START + i * HOUR, orders: i },
      }),
      ts: START + i * HOUR,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1h }
    time: { start: { field: at } }
    ${KEYED}`,
    doubt: /windows start at at of the value is a guess/,
  },
  {
    about: 'numbers of Serdes.Double in windowed keys of Serdes.Long, and a damaged record',
    records: recordsOf([
      ...Array.from({ length: 60 }, (_, i) => {
        const value = Buffer.alloc(8);
        value.writeDoubleBE(i * 1.25);
        return {
          key: Buffer.concat([int64(i % 3), int64(START + (i >> 2) * MINUTE)]),
          value,
          ts: START + (i >> 2) * MINUTE + 1,
        };
      }),
      { key: Buffer.from('??'), value: Buffer.from('oops'), ts: START },
    ]),
    byHand: `key: { format: long, windowed: time }
    value: { format: double }
    window: { type: tumbling, size: 1m }
    ${KEYED.replace('field: orders', 'field: $')}`,
    doubt: /1 of 61 cannot be read so/,
  },
  {
    about: 'a number in the key with its copy in the value',
    records: rows(8, (shop, i) => ({
      key: json({ window_start: START + i * MINUTE, shop, line: 1 + (i % 2) }),
      value: json({ line: 1 + (i % 2), shop, orders: i }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: window_start, in: key } }
    dimensions: { shop: { from: { key: shop } }, line: { from: { key: line } } }
    measures: { value: { field: orders, combine: sum } }`,
  },
  {
    about: 'JSON in a text, as Debezium’s outbox writes it',
    records: rows(8, (shop, i) => ({
      key: json(shop),
      value: json(
        JSON.stringify({ shop, period_start: new Date(START + i * MINUTE).toISOString(), orders: i }),
      ),
      ts: START + (i + 1) * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: period_start, unit: text } }
    ${KEYED}`,
  },
  {
    about: 'the last millisecond of a window, and nothing else (Flink’s window_time)',
    records: rows(10, (shop, i) => ({
      key: null,
      value: json({ shop, window_time: `${sqlTime(START + i * MINUTE)}:59.999`, orders: i }),
      ts: START + (i + 1) * MINUTE,
    })),
    byHand: `key: { format: none }
    window: { type: tumbling, size: 1m }
    time: { end: { field: window_time, unit: text } }
    ${VALUE}`,
    doubt: /size: in no record/,
  },
  {
    about: 'bounds in one word (ksqlDB’s WINDOWSTART and WINDOWEND)',
    records: rows(20, (shop, i) => ({
      key: json({ SHOP: shop }),
      value: json({ WINDOWSTART: START + i * MINUTE, WINDOWEND: START + (i + 5) * MINUTE, ORDERS: i }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: hopping, size: 5m, advance: 1m }
    time: { start: { field: WINDOWSTART } }
    dimensions: { shop: { from: { key: SHOP } } }
    measures: { value: { field: ORDERS, combine: sum } }`,
  },
  {
    about: 'overlapping windows whose size the topic’s name speaks of',
    topic: 'orders-last-5m-by-shop',
    records: rows(20, (shop, i) => ({
      key: null,
      value: json({ shop, window_end: START + i * MINUTE, orders: i }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: none }
    window: { type: hopping, size: 5m, advance: 1m }
    time: { end: { field: window_end } }
    ${VALUE}`,
    doubt: /the topic's name speaks of 5m/,
  },
  {
    about: 'rows of Debezium’s ExtractNewRecordState, with the fields that it adds',
    records: rows(10, (shop, i) => ({
      key: json({ shop, window_start: START + i * MINUTE }),
      value: json({
        shop,
        window_start: START + i * MINUTE,
        orders: i,
        __deleted: 'false',
        __op: i % 2 === 0 ? 'c' : 'u',
        __table: 'orders',
        __lsn: 5_000 + i,
        __source_ts_ms: START,
      }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: window_start, in: key } }
    dimensions: { shop: { from: { key: shop } } }
    measures: { value: { field: orders, combine: sum } }`,
  },
  {
    about: 'keys that are texts in Kafka Connect’s envelope',
    records: rows(10, (shop, i) => ({
      key: json({ schema: { type: 'string', optional: false }, payload: shop }),
      value: json({ window_start: START + i * MINUTE, orders: i }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: window_start } }
    ${KEYED}`,
  },
  {
    about: 'change events of MongoDB, whose rows are Extended JSON in a text',
    records: rows(10, (shop, i) => ({
      key: json({ id: `{"$oid": "65${shop}${i}"}` }),
      value: json({
        before: null,
        after: JSON.stringify({
          _id: { $oid: `65${shop}${i}` },
          shop,
          window_start: { $date: START + i * MINUTE },
          orders: { $numberLong: String(i) },
        }),
        op: 'c',
        ts_ms: START,
      }),
      ts: START + i * MINUTE,
    })),
    byHand: `key: { format: json }
    window: { type: tumbling, size: 1m }
    time: { start: { field: [after, window_start, $date] } }
    dimensions: { shop: { from: { value: after.shop } } }
    measures: { value: { field: [after, orders, $numberLong], combine: sum } }`,
  },
  {
    about: 'a name with a dot, and one of YAML’s words',
    records: rows(8, (shop, i) => ({
      key: windowed(shop, START + i * MINUTE),
      value: json({ 'sum.orders': i, null: i }),
      ts: START + i * MINUTE + 5,
    })),
    byHand: `key: { format: string, windowed: time }
    window: { type: tumbling, size: 1m }
    dimensions: { shop: { from: key } }
    measures: { value: { field: [sum.orders], combine: sum }, other: { field: ["null"] } }`,
  },
];

describe('inspect on', () => {
  it.each(KINDS.map((kind) => [kind.about, kind] as const))(
    '%s',
    (_, { topic = 'orders-by-shop', records, byHand, doubt }) => {
      const [mapping] = parseMetricsFile(
        `version: 1\nmetrics:\n  by_hand:\n    topic: ${topic}\n    ${byHand}\n`,
        'by-hand.yaml',
      );
      const { mapping: proposed, text, doubts } = inspected(topic, records);
      expect({ text, found: outcomes(proposed, records) }).toEqual({
        text,
        found: outcomes(mapping!, records),
      });
      if (doubt !== undefined) expect(doubts.join('\n')).toMatch(doubt);
    },
  );

  it.each([
    ['written by the end of each, hours behind UTC’s clock', 8 * HOUR, 8],
    ['that are west of it', -5 * HOUR, -5],
    ['of a zone with half an hour', 5.5 * HOUR, 5.5],
  ])('local times without a zone, %s: that a zone is missing', (_, ahead, hours) => {
    const records = rows(12, (shop, i) => ({
      key: null,
      value: json({
        shop,
        window_start: sqlTime(START + i * HOUR + ahead),
        window_end: sqlTime(START + (i + 1) * HOUR + ahead),
        orders: i,
      }),
      ts: START + (i + 1) * HOUR + 2_000,
    }));
    const { doubts } = inspected('orders', records);
    expect(doubts.join('\n')).toContain(
      `its texts have no zone and are ${Math.abs(hours)} h ${ahead > 0 ? 'ahead of' : 'behind'} the timestamps of their records`,
    );
    const inUtc = records.map((record) => ({ ...record, timestampMs: record.timestampMs + ahead }));
    expect(inspected('orders', inUtc).doubts.join('\n')).not.toContain('no zone');
  });

  it('a row id, new in each window: that it is no label', () => {
    const records = rows(12, (shop, i) => ({
      key: null,
      value: json({ row_id: `r${shop}${i}`, shop, window_start: START + i * MINUTE, orders: i }),
      ts: START + i * MINUTE,
    }));
    const { mapping, doubts } = inspected('orders', records);
    expect(mapping.metric.dimensions.map(({ name }) => name)).toEqual(['shop']);
    expect(doubts.join('\n')).toContain('row_id is left out: it is another text in each record');
  });

  it('one window: that its size is not shown', () => {
    const records = rows(1, (shop, i) => ({
      key: windowed(shop, START),
      value: json({ orders: i }),
      ts: START,
    }));
    expect(inspected('orders', records).doubts.join('\n')).toMatch(/size: nothing shows it/);
  });
});
