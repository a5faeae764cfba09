import type { Clock, PageVisibility } from '../../../src/datasource/live/ports';

/** Waits of the browser's live engine pass so many times faster. */
const SPEED = 10;
/** Longer waits are about the silence of others, whose time is not changed: they take as long as they say. */
const LONG_MS = 15_000;

/** A clock on which the engine's own pauses are short, so that many schedules fit into a test. */
export function quickClock(random: () => number): Clock {
  return {
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms < LONG_MS ? ms / SPEED : ms);
      return () => clearTimeout(timer);
    },
    random,
  };
}

export const alwaysVisible: PageVisibility = {
  isVisible: () => true,
  onChange: () => () => undefined,
};
