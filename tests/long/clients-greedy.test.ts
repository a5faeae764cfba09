import { runGreedy } from '../integration/clients/greedy-clients';

test('a greedy token with a million points and a flood of 2,000 connections leave another token its answers', async () => {
  const report = await runGreedy({ segments: 1_000, minutes: 1_000, maxClients: 1_000, samples: 1_000 });
  console.log(JSON.stringify(report));
  expect(report.alive).toBe(true);
  expect(report.statuses).toEqual({ 200: 1_000 });
  expect(report.p99).toBeLessThan(2_000);
  expect(report.servedAfterRestartMs).toBeLessThan(2_000);
}, 600_000);
