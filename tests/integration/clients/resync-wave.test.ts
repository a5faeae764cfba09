import { runWave } from './resync-wave';

test('50 subscribers with a from_ms each are resynced after a cut, and the event loop turns meanwhile', async () => {
  const report = await runWave({ subscribers: 50, segments: 30, minutes: 400 });
  console.log(JSON.stringify(report));
  expect(report.resyncedMs).toBeLessThan(20_000);
  expect(report.highestLoopLagMs).toBeLessThan(500);
  expect(report.bytes).toBeGreaterThan(50 * 30 * 400 * 10);
});
