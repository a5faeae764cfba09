import { startLiveWorld } from './live-world';
import { DISTURBANCES, runSchedule, type ScheduleResult } from './live-schedule';

/** Schedules spend most of their time waiting for each other's processes: so many run side by side. */
const WORLDS = 4;

/**
 * Seeds that have found something: an answer that brings series only for what was removed from them, a slow first
 * answer that took the place of a newer one, a stream that was restarted less far back than a panel saw, and a longer
 * range that kept the steps of the shorter one.
 */
const FOUND = [296, 469, 785, 748];

/** The seeds to run: those of the test and those that once failed, or the one that STREAMKPI_SEED names. */
export function seedsToRun(count: number): number[] {
  const named = process.env['STREAMKPI_SEED'];
  if (named !== undefined) return [Number(named)];
  const first = Array.from({ length: count }, (_, i) => i + 1);
  return [...first, ...FOUND.filter((seed) => seed > count)];
}

export interface SchedulesReport {
  /** Each with how to run it again. */
  readonly failures: readonly string[];
  readonly results: readonly ScheduleResult[];
  /** Disturbances that no schedule had; one schedule alone need not have all. */
  readonly unseen: readonly string[];
  /** Series whose summaries were compared. */
  readonly summaries: number;
}

/** Runs every seed. */
export async function runSchedules(seeds: readonly number[]): Promise<SchedulesReport> {
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
  const happened = new Set(results.flatMap(({ log }) => log));
  const unseen = seeds.length === 1 ? [] : DISTURBANCES.filter((name) => !happened.has(name));
  const summaries = results.reduce((sum, one) => sum + one.summaries, 0);
  return { failures, results, unseen, summaries };
}
