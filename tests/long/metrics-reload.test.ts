import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { editedUnderLoad } from '../integration/bridge/reload-scenario';
import { startKafka, type KafkaBroker } from '../support/kafka';

describe('a metrics file that is edited a hundred times under load, with fifty subscribers', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each(['redis', 'lmdb'] as const)(
    'loses, doubles and sets back no point, and cuts no connection (%s)',
    async (store) => {
      const report = await editedUnderLoad({
        kafka,
        store,
        edits: 100,
        subscribers: 50,
        recordsPerSecond: 500,
        seed: 1,
      });
      process.stdout.write(`${JSON.stringify({ store, ...report })}\n`);
      expect(report.wrong).toEqual([]);
      expect(report.faults).toEqual([]);
      expect(report.connections).toEqual(Array(50).fill(1));
      expect(report.refused).toBe(33);
    },
    1_800_000,
  );
});
