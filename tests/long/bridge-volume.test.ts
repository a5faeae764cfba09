import { startKafka, type KafkaBroker } from '../support/kafka';
import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { volume } from '../integration/bridge/volume-scenario';

describe('a million generated records through two bridges', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({ java: ['-Xmx1g'] });
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each([20_260_102])(
    'end as the last record of each key says (seed %i)',
    async (seed) => {
      const report = await volume({
        kafka,
        seed,
        records: 1_000_000,
        series: 400,
        windows: 600,
        watched: /series-00[0-3]\d/,
        kills: 20,
        killEveryMs: 8_000,
        drainTimeoutMs: 300_000,
      });
      process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
      expect(report.wrong).toEqual([]);
      expect(report.wrongCopies).toEqual([]);
      expect(report.faults).toEqual([]);
    },
    1_800_000,
  );
});
