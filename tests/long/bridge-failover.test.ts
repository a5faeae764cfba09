import { startKafka, type KafkaBroker } from '../support/kafka';
import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { failover } from '../integration/bridge/failover-scenario';

describe('two bridges in one group over one Redis', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each([1, 2, 3, 4, 5])(
    'resume within 15 s when one is killed, miss nothing, and answer with the same bytes (seed %i)',
    async (seed) => {
      const report = await failover({ kafka, seed, recordsPerSecond: 5_000, loadMs: 10_000 });
      process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
      expect(report.wrong).toEqual([]);
      expect(report.faults).toEqual([]);
      expect(report.unlike).toEqual([]);
      expect(report.orphaned).toBeGreaterThan(0);
      expect(report.takenOverMs).toBeLessThan(15_000);
    },
    300_000,
  );
});
