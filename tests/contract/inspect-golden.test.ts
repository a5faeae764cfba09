import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsFile, readMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import type { SchemaSource } from '../../backend-bridge/src/decoding/format';
import type { TopicMapping } from '../../backend-bridge/src/domain/mapping';
import type { SampledRecord } from '../../backend-bridge/src/decoding/topic-sample';
import { inspected, outcomes } from '../support/inspection/compared-points';

/** What inspect proposes for topics that real ksqlDB, Kafka Streams and Flink wrote gives the points of the hand-written mappings. */

const root = join(__dirname, '../..');
const fixtures = join(root, 'tests/fixtures');
const defaults = readMetricsFile(join(root, 'backend-bridge/metrics.yaml'));

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(join(fixtures, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function recorded(file: string): SampledRecord[] {
  return linesOf(file).map((line, offset) => ({
    partition: 0,
    offset,
    timestampMs: line['timestamp'] as number,
    key: Buffer.from(line['key_hex'] as string, 'hex'),
    value: line['tombstone']
      ? null
      : line['value_hex']
        ? Buffer.from(line['value_hex'] as string, 'hex')
        : Buffer.from(line['value_raw'] as string),
  }));
}

/** The hand-written mapping for a topic; `changes` to its text come first. */
function byHand(metric: string, changes: Partial<TopicMapping> = {}): TopicMapping {
  return { ...defaults.find((one) => one.metric.name === metric)!, ...changes };
}

const avroSchemas = JSON.parse(
  readFileSync(join(fixtures, 'ksqldb/p1-nocache-avro/schemas.json'), 'utf8'),
) as Record<string, object>;
const schemas: SchemaSource = {
  known: (id) =>
    avroSchemas[String(id)] === undefined
      ? { unknown: `the registry has no schema ${id}` }
      : { type: 'AVRO', text: JSON.stringify(avroSchemas[String(id)]), references: [] },
};

describe('inspect on the recorded topics of ksqlDB', () => {
  const topics = {
    events_per_minute_by_segment: 'events_per_minute',
    revenue_per_minute: 'revenue_per_minute',
    high_activity_users: 'high_activity_alert',
  };
  const rows = ['p1-nocache', 'p1-default-paced', 'p1-nocache-avro'].flatMap((recording) =>
    Object.entries(topics).flatMap(([topic, metric]) =>
      ['', '_final'].map((suffix) => ({ recording, topic: `${topic}${suffix}`, metric })),
    ),
  );
  // One instance for each id, as a registry's cache has it.
  const cached = new Map<string, ReturnType<SchemaSource['known']>>();
  const registry: SchemaSource = {
    known: (id) => {
      const known = cached.get(String(id)) ?? schemas.known(id);
      cached.set(String(id), known);
      return known;
    },
  };

  it.each(rows)('$recording $topic', ({ recording, topic, metric }) => {
    const records = recorded(`ksqldb/${recording}/${topic}.jsonl`);
    const avro = recording.endsWith('avro');
    const { mapping } = inspected(topic, records, registry);
    const expected = byHand(metric, { value: { format: avro ? 'avro' : 'json' } });
    expect(outcomes(mapping, records, registry)).toEqual(outcomes(expected, records, registry));
  });

  it('tombstones', () => {
    for (const topic of ['quiet_segments', 'big_baskets']) {
      const records = recorded(`ksqldb/tombstone/${topic}.jsonl`);
      const { mapping } = inspected(topic, records);
      const found = outcomes(mapping, records);
      expect(found.filter((one) => typeof one === 'string')).toEqual([]);
      expect(found.map((one) => typeof one === 'object' && one.removed)).toEqual(
        records.map(({ value }) => value === null),
      );
      expect(new Set(found.map((one) => typeof one === 'object' && one.endMs - one.startMs))).toEqual(
        new Set([60_000]),
      );
    }
  });

  it('says that a topic of events is none of windows', () => {
    for (const topic of ['enriched_events', 'revenue_events']) {
      const records = recorded(`ksqldb/p1-nocache/${topic}.jsonl`);
      expect(() => inspected(topic, records)).toThrow(/look like single events/);
    }
  });

  it('says that a table without windows shows none', () => {
    const { doubts } = inspected('users_by_segment', recorded('ksqldb/tombstone/users_by_segment.jsonl'));
    expect(doubts.join('\n')).toMatch(/neither the key nor a field has the start of a window/);
  });
});

describe('inspect on the recorded topics of Kafka Streams', () => {
  interface Expected {
    readonly key: string;
    readonly windowStart: number;
    readonly windowEnd: number;
  }
  const all = linesOf('kafka-streams/windowed.jsonl');
  const topics = [...new Set(all.map(({ topic }) => topic as string))];

  it.each(topics)('%s', (topic) => {
    const lines = all.filter((line) => line['topic'] === topic);
    const records = lines.map((line, offset): SampledRecord => ({
      partition: 0,
      offset,
      timestampMs: line['timestamp'] as number,
      key: Buffer.from(line['keyHex'] as string, 'hex'),
      value: line['value'] === null ? null : Buffer.from(line['value'] as string),
    }));
    const { mapping, doubts } = inspected(topic, records);
    const found = outcomes(mapping, records);
    expect(found).toEqual(
      lines.map((line) => {
        const { key, windowStart, windowEnd } = line['expect'] as Expected;
        return expect.objectContaining({
          labels: { [mapping.metric.dimensions[0]!.name]: key },
          startMs: windowStart,
          endMs: windowEnd,
          removed: line['value'] === null,
        }) as unknown;
      }),
    );
    expect(doubts.join('\n')).toMatch(/grace: not in any record/);
  });
});

describe('inspect on the topics of the Flink example', () => {
  const file = join(root, 'ksql/flink/metrics.yaml');
  const mappings = parseMetricsFile(readFileSync(file, 'utf8'), file);
  const startMs = Date.UTC(2025, 0, 15, 10);
  const sqlTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

  /** Records as upsert-kafka writes them: the primary key as JSON, the whole row as JSON. */
  function rows(mapping: TopicMapping): SampledRecord[] {
    const { metric } = mapping;
    const names = metric.dimensions.map(({ name }) => name);
    return Array.from({ length: 12 }, (_, i): SampledRecord => {
      const start = startMs + (i >> 1) * metric.window.sizeMs;
      const bounds = { window_start: sqlTime(start), window_end: sqlTime(start + metric.window.sizeMs) };
      const labels = Object.fromEntries(names.map((name) => [name, i % 2 === 0 ? 'premium' : 'basic']));
      const count = 3 + i;
      const fields: Readonly<Record<string, number>> = {
        event_count: 100 + i,
        active_users: 7 + i,
        total_revenue: count * 12.5,
        transaction_count: count + 1,
        amount_count: count,
        avg_transaction_value: 12.5,
      };
      const measured = mapping.measures.map(({ path: [name] }) => [name!, fields[name!]!] as const);
      return {
        partition: 0,
        offset: i,
        timestampMs: start + metric.window.sizeMs + 30_000 + i,
        key: Buffer.from(JSON.stringify({ ...labels, window_start: bounds.window_start })),
        value: Buffer.from(JSON.stringify({ ...labels, ...bounds, ...Object.fromEntries(measured) })),
      };
    });
  }

  it.each(mappings.map((mapping) => [mapping.topic, mapping] as const))('%s', (topic, mapping) => {
    // One without labels has one row per window.
    const records = rows(mapping).filter((_, i) => mapping.dimensions.length > 0 || i % 2 === 0);
    const proposed = inspected(topic, records);
    expect(outcomes(proposed.mapping, records)).toEqual(outcomes(mapping, records));
  });

  it('finds that a topic is named after what it counts', () => {
    const records = rows(mappings[0]!).map((record) => ({
      ...record,
      value: Buffer.from(record.value!.toString().replace('event_count', 'CHECKOUTS')),
    }));
    const { metric } = inspected('checkouts-per-minute', records).mapping;
    expect(metric).toMatchObject({
      title: 'Checkouts per minute',
      measures: [{ title: 'Checkouts', combine: 'sum' }],
    });
  });

  it('finds the sum and the count behind an average', () => {
    const revenue = mappings.find(({ metric }) => metric.name === 'revenue_per_minute')!;
    const { measures } = inspected(revenue.topic, rows(revenue)).mapping.metric;
    expect(
      measures.map(({ name, combine, sumFrom, countFrom }) => [name, combine, sumFrom, countFrom]),
    ).toEqual([
      ['value', 'sum', null, null],
      ['transaction_count', 'sum', null, null],
      ['avg_transaction_value', 'avg', 'value', 'amount_count'],
      ['amount_count', 'sum', null, null],
    ]);
  });
});
