import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { editedUnderLoad } from './reload-scenario';

describe('a metrics file that is edited under load', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it('loses, doubles and sets back no point, and cuts no connection: two bridges over one Redis', async () => {
    const report = await editedUnderLoad({
      kafka,
      store: 'redis',
      edits: 6,
      subscribers: 6,
      recordsPerSecond: 300,
      seed: 1,
    });
    expect(report.wrong).toEqual([]);
    expect(report.faults).toEqual([]);
    expect(report.connections).toEqual(Array(6).fill(1));
    expect(report.refused).toBe(2);
  }, 240_000);
});
