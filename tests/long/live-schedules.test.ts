import { runSchedules, seedsToRun } from '../support/live-schedule/run-schedules';

/** As tests/integration/datasource/one-number.test.ts, with many more seeds. STREAMKPI_SEED=<seed> runs one again. */
test('1,000 random schedules end in one number everywhere', async () => {
  const seeds = seedsToRun(1_000);
  const { failures, results, unseen, summaries } = await runSchedules(seeds);
  expect(failures).toEqual([]);
  expect(results).toHaveLength(seeds.length);
  expect(unseen).toEqual([]);
  expect(summaries).toBeGreaterThan(10 * seeds.length);
}, 3_600_000);
