import { startLiveWorld } from './live-world';
import { runSchedule, type ScheduleResult } from './live-schedule';

/** Schedules spend most of their time waiting for each other's processes: so many run side by side. */
const WORLDS = 4;

/**
 * Seeds that have found something: an answer that brings series only for what was removed from them, and a slow first
 * answer that took the place of a newer one.
 */
const FOUND = [469, 785];

/** The seeds to run: those of the test and those that once failed, or the one that STREAMKPI_SEED names. */
export function seedsToRun(count: number): number[] {
  const named = process.env['STREAMKPI_SEED'];
  if (named !== undefined) return [Number(named)];
  const first = Array.from({ length: count }, (_, i) => i + 1);
  return [...first, ...FOUND.filter((seed) => seed > count)];
}

/** Runs every seed; gives what failed, each with how to run it again. */
export async function runSchedules(seeds: readonly number[]): Promise<{
  readonly failures: readonly string[];
  readonly results: readonly ScheduleResult[];
}> {
  const waiting = [...seeds];
  const results: ScheduleResult[] = [];
  const work = async (): Promise<void> => {
    const world = await startLiveWorld();
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        results.push(await runSchedule(world, seed));
      }
      if (world.bridge.faults.length > 0)
        throw new Error(`the bridge logged:\n${world.bridge.faults.join('\n')}`);
    } finally {
      await world.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORLDS, seeds.length) }, work));
  const failures = results
    .filter(({ faults }) => faults.length > 0)
    .map(
      ({ seed, faults, log }) =>
        `STREAMKPI_SEED=${seed}: ${faults.join('\n')}\nafter: ${log.slice(-40).join(', ')}`,
    );
  return { failures, results };
}
