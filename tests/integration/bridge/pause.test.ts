import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { deadLetterTopicMissing, registryDown, type PauseReport } from './pause-scenarios';

describe('a bridge that could read its records later', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  const expectPaused = (report: PauseReport): void => {
    if (process.env['TEST_REPORT'] !== undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
    expect(report.wrong).toEqual([]);
    expect(report.deadLettersWhileAway).toBe(0);
    expect(report.otherAnswers).toBe(0);
    expect(report.pausedTopics).toBeGreaterThan(0);
    expect(report.namedAfterMs).toBeLessThanOrEqual(10_000);
  };

  it('pauses while the Schema Registry is away', async () => {
    const report = await registryDown(kafka, 'lmdb', 3_000);
    expectPaused(report);
    expect(report.deadLetters).toBe(0);
  });

  it('pauses while the dead-letter topic is missing', async () => {
    const report = await deadLetterTopicMissing(kafka, 'redis', 3_000, 51);
    expectPaused(report);
    expect(report.deadLetters).toBe(1);
  });
});
