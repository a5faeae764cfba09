import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { failover } from './failover-scenario';

describe('two bridges in one group over one Redis', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it('resume within 15 s when one is killed, miss nothing, and answer with the same bytes', async () => {
    const report = await failover({ kafka, seed: 31, recordsPerSecond: 1_500, loadMs: 2_500 });
    if (process.env['TEST_REPORT'] !== undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
    expect(report.wrong).toEqual([]);
    expect(report.faults).toEqual([]);
    expect(report.unlike).toEqual([]);
    expect(report.orphaned).toBeGreaterThan(0);
    expect(report.takenOverMs).toBeLessThan(15_000);
  }, 180_000);
});
