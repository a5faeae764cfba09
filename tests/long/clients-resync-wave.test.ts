import { runWave } from '../integration/clients/resync-wave';

test('200 subscribers with a from_ms each over 60,000 points are resynced within 20 s after a cut', async () => {
  const report = await runWave({ subscribers: 200, segments: 60, minutes: 1_000 });
  console.log(JSON.stringify(report));
  expect(report.resyncedMs).toBeLessThan(20_000);
  expect(report.highestLoopLagMs).toBeLessThan(500);
  expect(report.bytes).toBeGreaterThan(200 * 60_000 * 10);
}, 300_000);
