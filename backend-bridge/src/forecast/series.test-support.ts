import { createRandom } from '../../../tests/support/seeded-random';
import type { ClosedSteps } from './closed-steps';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Monday, 0:00 UTC. */
export const MONDAY = Date.UTC(2026, 2, 2);

export interface Traffic {
  readonly stepMs: number;
  readonly days: number;
  readonly startMs?: number;
  readonly seed?: number;
  /** Events of a step at noon of a working day. */
  readonly level?: number;
}

/** Counts of a shop: quiet nights, half as much at weekends, Poisson-like noise. */
export function shopCounts({ stepMs, days, startMs = MONDAY, seed = 1, level = 120 }: Traffic): ClosedSteps {
  const random = createRandom(seed);
  const noise = (): number => random() + random() + random() + random() - 2;
  const values = Float64Array.from({ length: Math.round((days * DAY) / stepMs) }, (_, index) => {
    const time = startMs + index * stepMs;
    const weekday = new Date(time).getUTCDay();
    const byHour = 1.1 - Math.cos((2 * Math.PI * (time % DAY)) / DAY);
    const rate = (level / 2) * byHour * (weekday === 0 || weekday === 6 ? 0.5 : 1);
    return Math.max(0, Math.round(rate + 1.7 * Math.sqrt(rate) * noise()));
  });
  return { startMs, values };
}

export function changed(steps: ClosedSteps, change: (value: number, index: number) => number): ClosedSteps {
  return { startMs: steps.startMs, values: Float64Array.from(steps.values, change) };
}
