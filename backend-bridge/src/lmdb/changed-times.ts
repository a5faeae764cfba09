import { lifetimeMs } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { Environment } from './environment';
import type { StateRecord } from './metric-state';
import { asBuffer, metricBound } from './point-keys';

/**
 * Updates a stored metric to its current retention, history and grace, within a transaction. Bucket expiry follows from
 * the retention; series store their expiry. Final windows stay final under a longer grace: the boundary moves ahead by
 * the difference.
 */
export function bringInStep(
  env: Environment,
  id: number,
  metric: Metric,
  before: { readonly lifetimeMs: number; readonly graceMs: number },
): void {
  const longerMs = lifetimeMs(metric) - before.lifetimeMs;
  if (longerMs !== 0) {
    const range = { start: metricBound(id), end: metricBound(id + 1) };
    // Copied: LMDB's buffer is valid only until the next entry.
    const entries = Array.from(env.series.getRange(range), ({ key, value }) => ({
      key: Buffer.from(asBuffer(key)),
      value: Buffer.from(asBuffer(value)),
    }));
    for (const { key, value } of entries) {
      value.writeDoubleLE(value.readDoubleLE(0) + longerMs, 0);
      env.series.putSync(key, value);
    }
  }
  const state = env.meta.get(`state:${id}`) as StateRecord | undefined;
  const moreGraceMs = metric.window.graceMs - before.graceMs;
  if (state === undefined || state.progress.finalBeforeMs === null || moreGraceMs <= 0) return;
  const finalBeforeMs = state.progress.finalBeforeMs + moreGraceMs;
  env.meta.putSync(`state:${id}`, { ...state, progress: { ...state.progress, finalBeforeMs } });
}
