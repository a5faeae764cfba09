import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { expectOutageSurvived } from './outage-expectations';
import { outage, type OutageName } from './outage-scenario';

/** The short form; tests/long has every outage for a minute each. */
describe('a hop that goes away under load', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it.each<OutageName>([
    'Redis ended by SIGTERM',
    'Redis killed with AOF everysec, its last second lost',
    'Redis emptied by FLUSHALL',
    'Kafka stopped',
  ])(
    '%s',
    async (name) => {
      const report = await outage({ kafka, outage: name, seed: 41, awayMs: 5_000, recordsPerSecond: 1_000 });
      if (process.env['TEST_REPORT'] !== undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
      expectOutageSurvived(report);
    },
    240_000,
  );
});
