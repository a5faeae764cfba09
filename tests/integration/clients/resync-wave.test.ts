import { runWave, type WaveReport } from './resync-wave';

/** A neighbour's burst spoils a wave; a bridge that blocks its event loop blocks it in every wave. */
const MAX_WAVES = 3;
const MOST_LAG_MS = 500;

test('50 subscribers with a from_ms each are resynced after a cut, and the event loop turns meanwhile', async () => {
  const waves: WaveReport[] = [];
  do {
    waves.push(await runWave({ subscribers: 50, segments: 30, minutes: 400 }));
  } while (waves.at(-1)!.highestLoopLagMs >= MOST_LAG_MS && waves.length < MAX_WAVES);
  console.log(JSON.stringify(waves));
  for (const { resyncedMs, bytes } of waves) {
    expect(resyncedMs).toBeLessThan(20_000);
    expect(bytes).toBeGreaterThan(50 * 30 * 400 * 10);
  }
  expect(waves.at(-1)!.highestLoopLagMs).toBeLessThan(MOST_LAG_MS);
});
