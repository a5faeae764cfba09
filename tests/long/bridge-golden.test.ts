import { startKafka, type KafkaBroker } from '../support/kafka';
import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import { RECORDINGS } from '../integration/bridge/golden-recordings';
import { killedOnTheWay, type KillReport } from '../integration/bridge/golden-scenarios';

/** kill -9 fifty times for each store, at moments that the round's number decides. */
const ROUNDS = 50;
const AT_ONCE = 5;

describe('recorded topics through a bridge that is killed fifty times', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
  }, 120_000);
  afterAll(() => kafka.stop(), 30_000);

  it.each(['redis', 'lmdb'] as const)(
    'nothing is missing and nothing is there twice in %s',
    async (store) => {
      const reports: KillReport[] = [];
      for (let from = 0; from < ROUNDS; from += AT_ONCE) {
        const rounds = Array.from({ length: AT_ONCE }, (_, i) =>
          killedOnTheWay(kafka, store, RECORDINGS[(from + i) % RECORDINGS.length]!, 100 + from + i),
        );
        reports.push(...(await Promise.all(rounds)));
      }
      const wrong = reports.flatMap((report, round) => report.wrong.map((line) => `round ${round}: ${line}`));
      const middle = reports.filter(
        ({ storedAtKill, records }) => storedAtKill > 0 && storedAtKill < records,
      );
      process.stdout.write(`${store}: ${reports.length} kills, ${middle.length} with a part stored\n`);
      expect(wrong).toEqual([]);
      // Else the test kills before or after the reading, and proves nothing.
      expect(middle.length).toBeGreaterThan(10);
    },
    1_800_000,
  );
});
