import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startSchemaRegistry } from '../../support/schema-registry';
import { eventually } from '../../support/waiting';
import { AVRO_SCHEMA, AVRO_SCHEMA_ID, writeHostileCorpus } from './hostile-corpus';
import { readLetters } from './letters';
import { allPoints, mappingOf, openStore, startSource, unique, watching } from './source-setup';

const MINUTE = 60_000;

describe('records that nobody would write on purpose', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka.stop(), 30_000);

  it.each([
    ['json', 'lmdb'],
    ['avro', 'lmdb'],
    ['json', 'redis'],
  ] as const)(
    'are dead letters, each of them, and every good one is there: %s in %s',
    async (format, kind) => {
      const seen = watching();
      const topic = unique(format);
      const letters = unique('letters');
      const mapping = mappingOf(topic, undefined, `    value: { format: ${format} }`);
      await kafka.createTopic(topic);
      await kafka.createTopic(letters);
      const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
      const options = { topic, format, seed: 20_261_129, records: 2_000, bombEvery: 3, bombMiB: 8, nowMs };
      const { good, bad } = await writeHostileCorpus(kafka, options);
      const registry = await startSchemaRegistry({ [AVRO_SCHEMA_ID]: AVRO_SCHEMA });
      const { store, close } = await openStore(kind, [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen, {
        deadLetterTopic: letters,
        schemaRegistry: { url: registry.url },
      });
      try {
        const position = () => source.status().topics[0]?.partitions[0]?.position ?? 0;
        await eventually(() => position() >= options.records, 'all are read');
        const points = await allPoints(store, mapping.metric);
        expect(new Map([...points].map(([id, { measures }]) => [id, measures[0]]))).toEqual(good);
        // A store that has nothing against the records is not asked twice for any of them.
        expect(seen.lines.filter(({ message }) => message === 'a write failed')).toEqual([]);
        const found = await readLetters(kafka, letters);
        // A write without an answer in time is made again, on a slow machine.
        const refused = [...new Set(found.map(({ offset }) => offset))].sort((a, b) => a - b);
        expect(refused).toEqual([...bad]);
        expect(found.every(({ reason, message }) => reason !== '' && message !== '')).toBe(true);
        const reasons = new Set(found.map(({ reason }) => reason));
        expect(reasons).toContain('record_too_large');
        expect(reasons).not.toContain('decoder_failed');
        // The answers of the store and of the dead-letter topic may time out on a busy machine; no record pauses.
        const pauses = seen.lines.filter(({ message }) => message.startsWith('paused'));
        const outside = new Set<unknown>(['store', 'dead_letter']);
        expect(pauses.filter(({ fields }) => !('hop' in fields && outside.has(fields.hop)))).toEqual([]);
      } finally {
        await source.stop();
        await close();
        await registry.close();
      }
    },
    150_000,
  );
});
