import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { volume } from './volume-scenario';

describe('generated records through two bridges', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it('end as the last record of each key says, through growth, re-creation, replays and kills', async () => {
    const report = await volume({
      kafka,
      seed: 20_260_101,
      records: 50_000,
      series: 60,
      windows: 120,
      kills: 2,
      killEveryMs: 3_000,
      drainTimeoutMs: 60_000,
    });
    if (process.env['TEST_REPORT'] !== undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
    expect(report.wrong).toEqual([]);
    expect(report.wrongCopies).toEqual([]);
    expect(report.faults).toEqual([]);
  }, 240_000);
});
