import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { loss } from './loss-scenario';

describe('a Redis that loses acknowledged writes', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it('in a failover to a replica that lags: every label is right again within 15 s, and none was ever wrong', async () => {
    const report = await loss(kafka, 'a failover to a replica that lags');
    expect(report).toMatchObject({ wrong: [], faults: [], early: [], epochs: 2 });
  });
});
