import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { failover } from './failover-scenario';
import { goldenAndReplay, killedOnTheWay } from './golden-scenarios';
import { loss } from './loss-scenario';
import { expectOutageSurvived } from './outage-expectations';
import { outage, type OutageName } from './outage-scenario';
import { deadLetterTopicMissing, registryDown, type PauseReport } from './pause-scenarios';
import { editedUnderLoad } from './reload-scenario';
import { volume } from './volume-scenario';

/**
 * Bridges as people run them, over one real Kafka and stores of their own. These are the short forms of what tests/long
 * does with more records, longer outages and more kills.
 */

const STORES = ['redis', 'lmdb'] as const;

let kafka: KafkaBroker;
beforeAll(async () => {
  kafka = await startKafka();
  await kafka.createTopic(DEAD_LETTERS);
});
afterAll(() => kafka.stop(), 30_000);

/** TEST_REPORT=1 shows what a scenario measured. */
function shown<Report>(report: Report): Report {
  if (process.env['TEST_REPORT'] !== undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
  return report;
}

/** What a real ksqlDB wrote: exactly these points, over HTTP. */
describe('recorded topics through the whole bridge', () => {
  it.each(STORES)(
    'gives the last value of every key into %s, and the same with the same revisions after a replay',
    async (store) => {
      const { first, replayed, records } = shown(await goldenAndReplay(kafka, store));
      const sound = { wrong: [], deadLetters: 0, errors: [] };
      expect(first).toMatchObject(sound);
      expect(replayed).toEqual({ ...sound, records });
    },
    120_000,
  );

  it.each(STORES)(
    'loses nothing and counts nothing twice into %s when the bridge is killed in the middle',
    async (store) => {
      const rounds = [1, 2, 3, 4, 5].map((seed) => killedOnTheWay(kafka, store, 'p1-nocache', seed));
      for (const { wrong } of await Promise.all(rounds)) expect(wrong).toEqual([]);
    },
    120_000,
  );
});

describe('two bridges in one group over one Redis', () => {
  it('resume within 15 s when one is killed, miss nothing, and answer with the same bytes', async () => {
    const report = shown(await failover({ kafka, seed: 31, recordsPerSecond: 1_500, loadMs: 2_500 }));
    expect(report.wrong).toEqual([]);
    expect(report.faults).toEqual([]);
    expect(report.unlike).toEqual([]);
    expect(report.orphaned).toBeGreaterThan(0);
    expect(report.takenOverMs).toBeLessThan(15_000);
  }, 180_000);

  it('lose, double and set back no point, and cut no connection, while their metrics file is edited under load', async () => {
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

  it('end as the last record of each key says, through growth, re-creation, replays and kills', async () => {
    const report = shown(
      await volume({
        kafka,
        seed: 20_260_101,
        records: 50_000,
        series: 60,
        windows: 120,
        kills: 2,
        killEveryMs: 3_000,
        drainTimeoutMs: 60_000,
      }),
    );
    expect(report.wrong).toEqual([]);
    expect(report.wrongCopies).toEqual([]);
    expect(report.faults).toEqual([]);
  }, 240_000);
});

describe('a bridge that could read its records later', () => {
  const expectPaused = (report: PauseReport): void => {
    expect(report.wrong).toEqual([]);
    expect(report.deadLettersWhileAway).toBe(0);
    expect(report.otherAnswers).toBe(0);
    expect(report.pausedTopics).toBeGreaterThan(0);
    expect(report.namedAfterMs).toBeLessThanOrEqual(10_000);
  };

  it('pauses while the Schema Registry is away', async () => {
    const report = shown(await registryDown(kafka, 'lmdb', 3_000));
    expectPaused(report);
    expect(report.deadLetters).toBe(0);
  });

  it('pauses while the dead-letter topic is missing', async () => {
    const report = shown(await deadLetterTopicMissing(kafka, 'redis', 3_000, 51));
    expectPaused(report);
    expect(report.deadLetters).toBe(1);
  });
});

describe('a Redis that loses acknowledged writes', () => {
  it('in a failover to a replica that lags: every label is right again within 15 s, and none was ever wrong', async () => {
    const report = await loss(kafka, 'a failover to a replica that lags');
    expect(report).toMatchObject({ wrong: [], faults: [], early: [], epochs: 2 });
  });
});

describe('a hop that goes away under load', () => {
  it.each<OutageName>([
    'Redis ended by SIGTERM',
    'Redis killed with AOF everysec, its last second lost',
    'Redis emptied by FLUSHALL',
    // The last one: it ends and starts the broker of them all.
    'Kafka stopped',
  ])(
    '%s',
    async (name) => {
      expectOutageSurvived(
        shown(await outage({ kafka, outage: name, seed: 41, awayMs: 5_000, recordsPerSecond: 1_000 })),
      );
    },
    240_000,
  );
});
