import { lifetimeMs, tiersOf } from '../domain/history/tiers';
import { alignUp } from '../domain/ladder';
import type { Metric } from '../domain/metric';
import type { HistoryState } from '../domain/store';
import type { Environment } from './environment';
import { bucketIn, metricBound, tierBound } from './point-keys';
import { valueLayout } from './value-layout';

/** State of a tier besides its blocks. */
export interface TierRecord {
  readonly stepMs: number;
  /** The first complete step. */
  readonly sinceMs: number;
  readonly steps: number;
  readonly bytes: number;
}

/** Sealing state of a metric in the environment's `meta`, written in the transaction that changes it. */
export interface HistoryRecord {
  /** Windows that begin before this are sealed. */
  readonly sealedBeforeMs: number;
  /** Windows up to here are being sealed, series by series; equals sealedBeforeMs when none are. */
  readonly sealingToMs: number;
  /** The last series sealed in this round. */
  readonly sealedSeries: number;
  /** Steps before this were made by HistoryStore.fill. */
  readonly filledToMs?: number;
  /** How long a series is kept after its newest window, as stored with the series. */
  readonly lifetimeMs: number;
  /** By windows per step. */
  readonly tiers: Readonly<Record<number, TierRecord>>;
}

export const historyKey = (metricId: number): string => `history:${metricId}`;

export function historyStateOf(metric: Metric, record: HistoryRecord): HistoryState {
  return {
    sealedBeforeMs: record.sealedBeforeMs,
    isFilled: record.filledToMs !== undefined,
    tiers: tiersOf(metric).map(({ stepMs, keepMs }) => {
      const { sinceMs, steps, bytes } = record.tiers[stepMs / metric.window.advanceMs]!;
      return { stepMs, keepMs, sinceMs, steps, bytes };
    }),
  };
}

/**
 * Updates the record to the metric's tiers, within a transaction. A new tier starts where all its windows are still to
 * be sealed; a removed one is deleted. `isNew`: the metric was never stored.
 */
export function bringHistoryInStep(env: Environment, id: number, metric: Metric, isNew: boolean): void {
  const { steps } = env;
  if (steps === null) return;
  const before = env.meta.get(historyKey(id)) as HistoryRecord | undefined;
  const tiers = tiersOf(metric);
  if (before === undefined && tiers.length === 0) return;
  const lengths = tiers.map(({ stepMs }) => stepMs / metric.window.advanceMs);
  for (const length of Object.keys(before?.tiers ?? {}).map(Number)) {
    if (lengths.includes(length)) continue;
    const range = { start: tierBound(id, length), end: tierBound(id, length + 1) };
    for (const key of Array.from(steps.getKeys(range))) steps.removeSync(key);
  }
  if (tiers.length === 0) {
    env.meta.removeSync(historyKey(id));
    return;
  }
  const sealedBeforeMs = before?.sealedBeforeMs ?? 0;
  const completeFromMs = before !== undefined || isNew ? sealedBeforeMs : oldestWindowMs(env, id, metric);
  const record: HistoryRecord = {
    ...(before?.filledToMs === undefined ? {} : { filledToMs: before.filledToMs }),
    sealedBeforeMs,
    sealingToMs: before?.sealingToMs ?? sealedBeforeMs,
    // Sealing in progress restarts: there may be more tiers now.
    sealedSeries: 0,
    lifetimeMs: lifetimeMs(metric),
    tiers: Object.fromEntries(
      tiers.map(({ stepMs }, i) => [
        lengths[i]!,
        before?.tiers[lengths[i]!] ?? {
          stepMs,
          sinceMs: alignUp(completeFromMs, stepMs),
          steps: 0,
          bytes: 0,
        },
      ]),
    ),
  };
  env.meta.putSync(historyKey(id), record);
}

/** Start of the oldest stored bucket; earlier windows may have existed and expired. */
function oldestWindowMs(env: Environment, id: number, metric: Metric): number {
  const [key] = Array.from(
    env.points.getKeys({ start: metricBound(id), end: metricBound(id + 1), limit: 1 }),
  );
  return key === undefined ? 0 : bucketIn(key) * valueLayout(metric).spanMs;
}
