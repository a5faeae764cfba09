import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { LOSING_REDIS, type LosingRedisName } from '../integration/bridge/loss-places';
import { loss } from '../integration/bridge/loss-scenario';
import { startKafka, type KafkaBroker } from '../support/kafka';

describe('a Redis that loses acknowledged writes, or moves', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each(Object.keys(LOSING_REDIS) as LosingRedisName[])(
    'by %s: every label is right within 15 s, and none was ever wrong',
    async (how) => {
      const report = await loss(kafka, how);
      process.stdout.write(`${JSON.stringify(report)}\n`);
      expect(report).toMatchObject({ wrong: [], faults: [], early: [] });
      expect(report.epochs).toBe(how.startsWith('a slot') ? 1 : 2);
    },
    180_000,
  );
});
