import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import type { TopicMapping } from '../../backend-bridge/src/domain/mapping';
import type { PointWrite } from '../../backend-bridge/src/domain/point';
import { createRecordDecoder } from '../../backend-bridge/src/decoding/record-decoder';

/** The mapping files for the examples without ksqlDB: read by the bridge's own loader and decoder. */

const root = join(__dirname, '../..');
const defaults = readMetricsFile(join(root, 'backend-bridge/metrics.yaml'));

function decode(
  mapping: TopicMapping,
  key: string,
  value: unknown,
): { point: PointWrite; event: number | null } {
  const decoder = createRecordDecoder(mapping, {
    schemas: null,
    onUnsafeInteger: () => {
      throw new Error('no large integers here');
    },
  });
  const slice = { points: [] as PointWrite[], maxEventMs: null as number | null };
  decoder.decodeInto(
    slice,
    { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), offset: 7, timestampMs: 1 },
    1,
    Date.now(),
  );
  return { point: slice.points[0]!, event: slice.maxEventMs };
}

describe('the mapping of the Kafka Streams example', () => {
  it('is the default one, because the bytes are the same', () => {
    expect(readMetricsFile(join(root, 'ksql/kafka-streams/metrics.yaml'))).toEqual(defaults);
  });
});

describe('the mapping of the Flink example', () => {
  const mappings = readMetricsFile(join(root, 'ksql/flink/metrics.yaml'));
  const sql = readFileSync(join(root, 'ksql/flink/streamkpi.sql'), 'utf8').replaceAll(/--.*$/gm, '');
  const tables = new Map(
    [...sql.matchAll(/CREATE TABLE (\w+) \(([\s\S]*?)\n\) WITH \(([\s\S]*?)\n\);/g)].map(
      ([, name, columns, options]) => [name!, { columns: columns!, options: options! }],
    ),
  );

  it('has the metrics of the default one, with final results', () => {
    const shape = ({ metric }: TopicMapping): unknown => [
      metric.name,
      metric.kind,
      metric.window.sizeMs,
      metric.dimensions.map(({ name }) => name),
      metric.measures,
    ];
    expect(mappings.map(shape)).toEqual(defaults.map(shape));
    for (const { metric } of mappings) expect(metric.finalOnly).toBe(true);
  });

  it.each(mappings.map((mapping) => [mapping.metric.name, mapping] as const))(
    '%s reads the table that the SQL writes',
    (_, mapping) => {
      const { columns, options } = tables.get(mapping.topic)!;
      expect(options).toContain(`'topic' = '${mapping.topic}'`);
      expect(options).toContain("'connector' = 'upsert-kafka'");
      expect(options).toContain("'key.format' = 'json'");
      expect(sql).toContain(`INSERT INTO ${mapping.topic}\n`);
      const key = /PRIMARY KEY \(([^)]*)\)/.exec(columns)![1]!.split(', ');
      expect(key).toEqual([...mapping.metric.dimensions.map(({ name }) => name), 'window_start']);
      for (const { path } of mapping.measures) {
        expect(columns).toMatch(new RegExp(`^ {4}${path.join('.')} (BIGINT|DOUBLE),$`, 'm'));
      }
      // One watermark for all: windows close 30 s after their end, that of five minutes too.
      expect(mapping.metric.window.graceMs).toBe(30_000);
      expect(sql).toContain("WATERMARK FOR event_time AS event_time - INTERVAL '30' SECOND");
      const minutes = mapping.metric.window.sizeMs / 60_000;
      const insert = sql.slice(sql.indexOf(`INSERT INTO ${mapping.topic}\n`));
      expect(insert.slice(0, insert.indexOf(';'))).toContain(
        `DESCRIPTOR(event_time), INTERVAL '${minutes}' MINUTE`,
      );
    },
  );

  it('reads a record as Flink writes it', () => {
    const revenue = mappings.find(({ metric }) => metric.name === 'revenue_per_minute')!;
    const { point, event } = decode(revenue, '{"segment":"premium","window_start":"2025-01-15 10:00:00"}', {
      segment: 'premium',
      window_start: '2025-01-15 10:00:00',
      window_end: '2025-01-15 10:01:00',
      total_revenue: 100.5,
      transaction_count: 3,
      amount_count: 2,
      avg_transaction_value: 50.25,
    });
    const startMs = Date.UTC(2025, 0, 15, 10);
    expect(point).toMatchObject({ values: ['premium'], startMs, endMs: startMs + 60_000, removed: false });
    expect(point.measures).toEqual([100.5, 3, 50.25, 2]);
    expect(event).toBe(startMs + 60_000);
    const users = mappings.find(({ metric }) => metric.name === 'active_users_per_minute')!;
    const one = decode(users, '{"window_start":"2025-01-15 10:00:00"}', {
      window_start: '2025-01-15 10:00:00',
      window_end: '2025-01-15 10:01:00',
      active_users: 12,
    });
    expect(one.point).toMatchObject({ values: [], startMs, measures: [12] });
  });
});
