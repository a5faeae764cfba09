import { startKafka, type KafkaBroker } from '../support/kafka';
import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { expectOutageSurvived } from '../integration/bridge/outage-expectations';
import { outage, OUTAGES, type OutageName } from '../integration/bridge/outage-scenario';

/** Every hop away for a minute under load. */
const AWAY_MS = 60_000;

describe('a hop that goes away for a minute under load', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({ java: ['-Xmx1g'] });
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each(Object.keys(OUTAGES) as OutageName[])(
    '%s',
    async (name) => {
      const report = await outage({
        kafka,
        outage: name,
        seed: 61,
        awayMs: AWAY_MS,
        recordsPerSecond: 2_000,
      });
      process.stdout.write(`${JSON.stringify(report)}\n`);
      expectOutageSurvived(report);
    },
    300_000,
  );
});
