import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startSchemaRegistry } from '../../support/schema-registry';
import { AVRO_SCHEMA, AVRO_SCHEMA_ID, writeHostileCorpus } from './hostile-corpus';
import { readLetters } from './letters';
import { allPoints, mappingOf, openStore, startSource, unique, watching } from './source-setup';
import { eventually } from '../../support/waiting';

const MINUTE = 60_000;

describe('records that nobody would write on purpose', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka.stop(), 30_000);

  it.each(['json', 'avro'] as const)(
    'are dead letters, each of them, and every good one is there: %s',
    async (format) => {
      const seen = watching();
      const topic = unique(format);
      const letters = unique('letters');
      const mapping = mappingOf(topic, undefined, `    value: { format: ${format} }`);
      await kafka.createTopic(topic);
      await kafka.createTopic(letters);
      const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
      const options = { topic, format, seed: 20_261_129, records: 2_000, bombEvery: 5, bombMiB: 24, nowMs };
      const { good, bad } = await writeHostileCorpus(kafka, options);
      const registry = await startSchemaRegistry({ [AVRO_SCHEMA_ID]: AVRO_SCHEMA });
      const { store, close } = await openStore('lmdb', [mapping], seen);
      const source = startSource(kafka, [mapping], store, seen, {
        deadLetterTopic: letters,
        schemaRegistry: { url: registry.url },
      });
      try {
        await eventually(() => seen.count(`read ${topic}`) >= options.records, 'all are read');
        const points = await allPoints(store, mapping.metric);
        expect(new Map([...points].map(([id, { measures }]) => [id, measures[0]]))).toEqual(good);
        const found = await readLetters(kafka, letters);
        // A write without an answer in time is made again, on a slow machine.
        const refused = [...new Set(found.map(({ offset }) => offset))].sort((a, b) => a - b);
        expect(refused).toEqual([...bad]);
        expect(found.every(({ reason, message }) => reason !== '' && message !== '')).toBe(true);
        const reasons = new Set(found.map(({ reason }) => reason));
        expect(reasons).toContain('record_too_large');
        expect(reasons).not.toContain('decoder_failed');
        const pauses = seen.lines.filter(({ message }) => message.startsWith('paused'));
        expect(pauses.filter(({ fields }) => !('hop' in fields && fields.hop === 'dead_letter'))).toEqual([]);
      } finally {
        await source.stop();
        await close();
        await registry.close();
      }
    },
    150_000,
  );
});
