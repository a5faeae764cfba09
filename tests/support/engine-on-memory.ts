import { RequestError } from '../../backend-bridge/src/domain/errors';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import type { Filter, Query } from '../../backend-bridge/src/domain/selection';
import { MemorySeriesStore } from './memory-series-store';
import { DAY, metricOf, MINUTE } from './sample-metrics';

/** A query engine over points put by hand, and a clock that stands still; for unit tests of the domain. */

/** A whole day since the epoch, so that every step is aligned to it. */
export const T0 = 20_000 * DAY;
export const NOW = T0 + 6 * 60 * MINUTE;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

export function setup(over: Partial<Metric> = {}, limits: Partial<typeof LIMITS> = {}) {
  const store = new MemorySeriesStore();
  store.progressNow = { watermarkMs: NOW, finalBeforeMs: NOW };
  const clock = { now: NOW };
  const metric = metricOf(over);
  const engine = new QueryEngine([metric], store, { ...LIMITS, ...limits }, () => clock.now);
  /** measures: value, low, high, mean, n, users, gauge, bare_mean */
  const put = (segment: string, site: string, minute: number, ...measures: (number | undefined)[]) =>
    store.put([segment, site], T0 + minute * MINUTE, T0 + (minute + 1) * MINUTE, [
      ...measures,
      ...Array.from({ length: 8 - measures.length }, () => undefined),
    ]);
  const query = (over2: Partial<Query> = {}, tenant: readonly Filter[] = []) =>
    engine.query({ metric: 'm', fromMs: T0, toMs: T0 + 60 * MINUTE, ...over2 }, tenant);
  const plan = (over2: Partial<Query> = {}, tenant: readonly Filter[] = []) =>
    engine.plan({ metric: 'm', ...over2 }, tenant);
  return { store, clock, metric, engine, put, query, plan };
}

/** The code an action is refused with, or `accepted`. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** The start of a minute's window. */
export const at = (minute: number): number => T0 + minute * MINUTE;
