import { startKafka, type KafkaBroker } from '../../support/kafka';
import { DEAD_LETTERS } from './bridge-rig';
import { RECORDINGS } from './golden-recordings';
import { goldenAndReplay, killedOnTheWay } from './golden-scenarios';

/** What a real ksqlDB wrote, through real Kafka and real bridges: exactly these points, over HTTP. */
describe('recorded topics through the whole bridge', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  });
  afterAll(() => kafka.stop(), 30_000);

  it.each(['redis', 'lmdb'] as const)(
    'gives the last value of every key into %s, and the same with the same revisions after a replay',
    async (store) => {
      const reports = await Promise.all(RECORDINGS.map((name) => goldenAndReplay(kafka, store, name)));
      for (const { first, replayed, readAgain, records } of reports) {
        expect(first).toEqual([]);
        expect(replayed).toEqual([]);
        expect(readAgain).toBe(records);
      }
    },
    120_000,
  );

  it.each(['redis', 'lmdb'] as const)(
    'loses nothing and counts nothing twice into %s when the bridge is killed in the middle',
    async (store) => {
      const rounds = [1, 2, 3, 4, 5].map((seed) => killedOnTheWay(kafka, store, 'p1-nocache', seed));
      for (const { wrong } of await Promise.all(rounds)) expect(wrong).toEqual([]);
    },
    120_000,
  );
});
