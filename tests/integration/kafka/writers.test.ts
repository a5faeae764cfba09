import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import { startKafka, type KafkaBroker, type RawRecord } from '../../support/kafka';
import { startSchemaRegistry, type SchemaRegistryServer } from '../../support/schema-registry';
import { allPoints, openStore, startSource, watching, type StoreKind } from './source-setup';
import { eventually } from '../../support/waiting';

/** Bytes that others' serializers wrote (tests/fixtures/writers), through a real broker into both stores. */

const FOLDER = join(__dirname, '../../fixtures/writers');
const T = 1_700_000_040_000;
const MINUTE = 60_000;
const GONE = 'removed';

interface Recorded {
  readonly topic: string;
  readonly key_hex: string | null;
  readonly value_hex: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ts: number;
}

/** Of each metric: label@minutes since T (or +milliseconds), with the measures; and its dead letters by reason. */
type Expected = Readonly<
  Record<
    string,
    { points: Readonly<Record<string, number[] | typeof GONE>>; letters?: Readonly<Record<string, number>> }
  >
>;

const at = (label: string, ms: number): string => `${label}@${T + ms}`;
const minute = (label: string, minutes: number): string => at(label, minutes * MINUTE);
const COLOGNE = 'köln, "süd"';
const debezium = (turnover: boolean): Expected[string] => ({
  points: {
    [minute('berlin', 0)]: turnover ? [5, 11] : [5],
    [minute('rome', 0)]: GONE,
    [minute('oslo', 0)]: turnover ? [4, 20] : [4],
    [minute('bern', 1)]: GONE,
    // Deleted by an event that does not say what the row was.
    [minute('kiel', 1)]: turnover ? [6, 2] : [6],
  },
  letters: { tombstone_incomplete: 1, value_malformed: 1 },
});
const flink = (last: number[] | typeof GONE): Record<string, number[] | typeof GONE> => ({
  [minute('berlin', 0)]: [3, 10.25],
  [minute('berlin', 1)]: [4, 10.25],
  [minute(COLOGNE, 2)]: last,
});
const apicurio = { [minute('berlin', 0)]: [3], [minute('berlin', 1)]: [4] };

const EXPECTED: Expected = {
  kafka_streams_time: {
    points: { [minute('berlin', 0)]: [7], [minute('berlin', 1)]: GONE, [minute('berlin', 2)]: [9] },
    letters: { key_length: 1, value_malformed: 1 },
  },
  kafka_streams_session: {
    points: { [at('9007199254740993', 0)]: [2.25], [at('-5', 7)]: [-1e300] },
    letters: { key_length: 1 },
  },
  kafka_streams_sliding: {
    points: { [at('a', 17)]: [17], [at('a', 18)]: [18], [at('a', 90_001)]: [90_001] },
  },
  connect_json_schemas: {
    points: {
      [minute('9007199254740993', 0)]: [5, 12.5],
      [minute('9007199254740993', 1)]: [6, 13.5],
      [minute('9007199254740993', 2)]: GONE,
    },
    letters: { value_malformed: 1 },
  },
  connect_json_plain: {
    points: {
      [minute('9007199254740993', 0)]: [5, 12.5],
      [minute('9007199254740993', 1)]: [6, 13.5],
      [minute('9007199254740993', 2)]: GONE,
    },
    letters: { value_malformed: 1 },
  },
  flink_json: { points: flink(GONE), letters: { value_malformed: 1 } },
  flink_json_iso: {
    points: { [minute('berlin', 0)]: [3], [minute('berlin', 1)]: [4], [minute(COLOGNE, 2)]: [5] },
  },
  flink_csv: { points: flink(GONE), letters: { value_malformed: 1 } },
  flink_tsv: { points: { [minute('berlin', 0)]: [3], [minute('berlin', 1)]: [4] } },
  flink_avro: { points: flink(GONE), letters: { value_malformed: 1 } },
  flink_debezium_json: {
    points: { [minute('berlin', 0)]: [3], [minute('berlin', 1)]: [44], [minute(COLOGNE, 2)]: GONE },
  },
  protobuf_java: {
    points: { [minute('berlin', 0)]: [0, 0], [minute('berlin', 1)]: [1, 0.5], [minute('berlin', 2)]: [2, 1] },
    letters: { value_malformed: 1 },
  },
  debezium_json_schemas: debezium(true),
  debezium_json_plain: debezium(false),
  apicurio_avro_4_bytes: { points: apicurio, letters: { value_malformed: 1 } },
  apicurio_avro_8_bytes: { points: {}, letters: { unknown_schema: 2 } },
  apicurio_avro_headers: { points: apicurio },
  apicurio_json_schema: { points: apicurio, letters: { value_malformed: 1 } },
  apicurio_protobuf: { points: apicurio },
};

const bytes = (hex: string | null): Buffer | null => (hex === null ? null : Buffer.from(hex, 'hex'));

function recordedByTopic(): Map<string, RawRecord[]> {
  const topics = new Map<string, RawRecord[]>();
  for (const line of readFileSync(join(FOLDER, 'records.jsonl'), 'utf8').trim().split('\n')) {
    const { topic, key_hex: key, value_hex: value, headers = {}, ts } = JSON.parse(line) as Recorded;
    topics.set(topic, [
      ...(topics.get(topic) ?? []),
      {
        partition: 0,
        key: bytes(key),
        value: bytes(value),
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, hex]) => [name, Buffer.from(hex, 'hex')]),
        ),
        timestamp: ts,
      },
    ]);
  }
  return topics;
}

describe('what others wrote', () => {
  const file = join(FOLDER, 'metrics.yaml');
  const mappings = parseMetricsFile(readFileSync(file, 'utf8'), file);
  const recorded = recordedByTopic();
  let kafka: KafkaBroker;
  let registry: SchemaRegistryServer;

  beforeAll(async () => {
    [kafka, registry] = await Promise.all([
      startKafka(),
      startSchemaRegistry({
        7: {
          type: 'record',
          name: 'Orders',
          fields: [
            { name: 'shop', type: 'string' },
            { name: 'window_start', type: { type: 'long', logicalType: 'timestamp-millis' } },
            { name: 'orders', type: 'long' },
          ],
        },
      }),
    ]);
    await kafka.createTopic('dead-letters');
    for (const [topic, records] of recorded) {
      await kafka.createTopic(topic);
      await kafka.produce(topic, records);
    }
  });
  afterAll(async () => {
    await Promise.all([kafka.stop(), registry.close()]);
  }, 60_000);

  it('is all mapped, and all mappings are fed', () => {
    expect(Object.keys(EXPECTED)).toEqual(mappings.map(({ metric }) => metric.name));
    expect(mappings.map(({ topic }) => topic).sort()).toEqual([...recorded.keys()].sort());
  });

  it.each<StoreKind>(['lmdb', 'redis'])(
    'gives exact points in %s, removals and dead letters included',
    async (kind) => {
      const seen = watching();
      const { store, close } = await openStore(kind, mappings, seen);
      const source = startSource(kafka, mappings, store, seen, { schemaRegistry: { url: registry.url } });
      try {
        await eventually(async () => {
          const offsets = await Promise.all(mappings.map(({ metric }) => store.appliedOffsets(metric)));
          return offsets.every(
            (applied, i) => applied.get(0) === recorded.get(mappings[i]!.topic)!.length - 1,
          );
        }, 'all is read');
        const found: Record<string, Expected[string]> = {};
        for (const { metric, topic } of mappings) {
          const points: Record<string, number[] | typeof GONE> = {};
          for (const [id, { measures, removed }] of await allPoints(store, metric)) {
            points[id.replace('|@', '@')] = removed ? GONE : (measures as number[]);
          }
          const prefix = `dead ${topic} `;
          const letters = [...seen.counts].filter(([name]) => name.startsWith(prefix));
          found[metric.name] = {
            points,
            ...(letters.length > 0 && {
              letters: Object.fromEntries(letters.map(([name, count]) => [name.slice(prefix.length), count])),
            }),
          };
        }
        expect(found).toEqual(EXPECTED);
      } finally {
        await source.stop();
        await close();
      }
    },
    150_000,
  );
});
