import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TopicMapping } from '../../../backend-bridge/src/domain/mapping';
import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startSchemaRegistry } from '../../support/schema-registry';
import {
  allPoints,
  defaultMappings,
  goldenRecords,
  openStore,
  shiftToNow,
  startSource,
  toRaw,
  unique,
  watching,
  type GoldenRecord,
  type StoreKind,
} from './source-setup';
import { eventually } from '../../support/waiting';

/** What a real ksqlDB wrote, byte for byte through a real broker: the store holds the last value of every key. */

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  events_per_minute_by_segment: ['EVENT_COUNT'],
  revenue_per_minute: ['TOTAL_REVENUE', 'TRANSACTION_COUNT', 'AVG_TRANSACTION_VALUE', 'AMOUNT_COUNT'],
  high_activity_users: ['EVENT_COUNT'],
  quiet_segments: ['EVENT_COUNT'],
  big_baskets: ['AVG_TRANSACTION_VALUE'],
};

/** The oracle: the last record of each key wins, and its revision is how many records the key had. */
function expectedPoints(
  records: readonly GoldenRecord[],
  shift: number,
): Map<string, { measures: (number | undefined)[]; revision: number; removed: boolean }> {
  const points = new Map<string, { measures: (number | undefined)[]; revision: number; removed: boolean }>();
  for (const record of records) {
    const key = Buffer.from(record.key_hex, 'hex');
    const start = Number(key.readBigInt64BE(key.length - 8)) + shift;
    const id = `${key.subarray(0, key.length - 8).toString('utf8')}@${start}`;
    const measures = record.tombstone
      ? []
      : FIELDS[record.topic]!.map((field) => record.value?.[field] as number | undefined);
    const revision = (points.get(id)?.revision ?? 0) + 1;
    points.set(id, { measures, revision, removed: record.tombstone });
  }
  return points;
}

/** The default mappings, each over a topic of this test; with Avro values on request. */
function mappingsFor(topics: ReadonlyMap<string, string>, format: 'json' | 'avro'): TopicMapping[] {
  const mappings = defaultMappings();
  const segments = mappings.find(({ topic }) => topic === 'events_per_minute_by_segment')!;
  const revenue = mappings.find(({ topic }) => topic === 'revenue_per_minute')!;
  const known: TopicMapping[] = [
    ...mappings,
    { ...segments, topic: 'quiet_segments', metric: { ...segments.metric, name: 'quiet_segments' } },
    {
      ...segments,
      topic: 'big_baskets',
      metric: { ...segments.metric, name: 'big_baskets' },
      measures: [revenue.measures[2]!],
    },
  ];
  return [...topics].map(([recorded, topic]) => {
    const mapping = known.find((each) => each.topic === recorded)!;
    return { ...mapping, topic, value: { format }, metric: { ...mapping.metric, topic } };
  });
}

describe.each<StoreKind>(['lmdb', 'redis'])('recorded ksqlDB topics into %s', (kind) => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic('dead-letters');
  });
  afterAll(() => kafka.stop(), 30_000);

  it.each([
    ['p1-nocache', ['events_per_minute_by_segment', 'revenue_per_minute', 'high_activity_users'], 'json'],
    [
      'p1-default-paced',
      ['events_per_minute_by_segment', 'revenue_per_minute', 'high_activity_users'],
      'json',
    ],
    [
      'p1-nocache-avro',
      ['events_per_minute_by_segment', 'revenue_per_minute', 'high_activity_users'],
      'avro',
    ],
    ['tombstone', ['quiet_segments', 'big_baskets'], 'json'],
  ] as const)(
    '%s',
    async (folder, recorded, format) => {
      const seen = watching();
      const topics = new Map(recorded.map((topic) => [topic as string, unique(topic)]));
      const mappings = mappingsFor(topics, format);
      const records = new Map(
        recorded.map((topic) => [topic as string, goldenRecords(`${folder}/${topic}.jsonl`)]),
      );
      const shift = shiftToNow([...records.values()].flat());
      const schemas = join(__dirname, '../../fixtures/ksqldb/p1-nocache-avro/schemas.json');
      const registry = await startSchemaRegistry(
        JSON.parse(readFileSync(schemas, 'utf8')) as object as Record<string, object>,
      );
      const { store, close } = await openStore(kind, mappings, seen);
      const groupId = unique('group');
      const options = { groupId, schemaRegistry: { url: registry.url } };
      let source = startSource(kafka, mappings, store, seen, options);
      try {
        for (const [name, topic] of topics) {
          await kafka.createTopic(topic);
          await kafka.produce(
            topic,
            records.get(name)!.map((record) => toRaw(record, shift)),
          );
        }
        const compare = async (): Promise<true> => {
          for (const [index, [name]] of [...topics].entries()) {
            const points = await allPoints(store, mappings[index]!.metric);
            expect(points).toEqual(expectedPoints(records.get(name)!, shift));
          }
          return true;
        };
        await eventually(compare, 'every point is there');

        // A replay from the start: another group, the same store. No value and no revision may change.
        const total = [...records.values()].reduce((sum, each) => sum + each.length, 0);
        const accepted = (): number =>
          [...seen.counts]
            .filter(([name]) => name.startsWith('accepted'))
            .reduce((sum, [, count]) => sum + count, 0);
        await eventually(() => accepted() === total, 'every record is counted');
        await source.stop();
        // A topic that appears under a reading group can be read more than once.
        const before = new Map([...topics.values()].map((topic) => [topic, seen.count(`read ${topic}`)]));
        source = startSource(kafka, mappings, store, seen, { ...options, groupId: unique('group') });
        await eventually(
          () =>
            [...topics].every(
              ([name, topic]) =>
                seen.count(`read ${topic}`) - before.get(topic)! >= records.get(name)!.length,
            ),
          'everything was read again',
        );
        await compare();
        expect(accepted()).toBe(total);
        expect([...seen.counts.keys()].filter((name) => name.startsWith('dead'))).toEqual([]);
        expect(seen.lines.filter(({ level }) => level === 'error')).toEqual([]);
      } finally {
        await source.stop();
        await close();
        await registry.close();
      }
    },
    150_000,
  );
});
