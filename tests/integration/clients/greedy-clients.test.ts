import { runGreedy } from './greedy-clients';

test('a greedy token, a flood without tokens and wrong tokens leave another token its answers', async () => {
  const report = await runGreedy({ segments: 100, minutes: 100, maxClients: 100, samples: 100 });
  console.log(JSON.stringify(report));
  expect(report.alive).toBe(true);
  expect(report.statuses).toEqual({ 200: 100 });
  expect(report.p99).toBeLessThan(2_000);
  expect(report.servedAfterRestartMs).toBeLessThan(2_000);
});
