import { tiersOf } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { HistoryState } from '../domain/store';

/** The tiers of a metric as stored in its meta hash (history.lua); empty without history. */
export function historyText(metric: Metric): string {
  return tiersOf(metric)
    .map(({ stepMs, keepMs }) => `${stepMs / metric.window.advanceMs}:${stepMs}:${keepMs}`)
    .join(',');
}

/** The decoded hash `tiers`. */
export interface StoredTier {
  /** The first complete step. */
  readonly sinceMs: number;
  /** Block numbers, ascending. */
  readonly blocks: readonly number[];
  readonly steps: number;
  readonly bytes: number;
}

/** A metric's history as it was read. */
export interface StoredHistory {
  readonly sealedBeforeMs: number;
  /** By windows per step. */
  readonly tiers: ReadonlyMap<number, StoredTier>;
}

/** By windows per step. `reply`: names and values in turn. */
export function parseTiers(reply: readonly Buffer[]): ReadonlyMap<number, StoredTier> {
  const tiers = new Map<number, { sinceMs: number; blocks: number[]; steps: number; bytes: number }>();
  for (let at = 0; at < reply.length; at += 2) {
    const [kind, windows, block] = reply[at]!.toString('latin1').split(':');
    const value = Number(reply[at + 1]!.toString('latin1'));
    let tier = tiers.get(Number(windows));
    if (tier === undefined) {
      tier = { sinceMs: 0, blocks: [], steps: 0, bytes: 0 };
      tiers.set(Number(windows), tier);
    }
    if (kind === 'since') tier.sinceMs = value;
    else if (kind === 'bytes') tier.bytes += value;
    else {
      tier.steps += value;
      tier.blocks.push(Number(block));
    }
  }
  for (const { blocks } of tiers.values()) blocks.sort((a, b) => a - b);
  return tiers;
}

/** A tier that the last started bridge does not keep is absent. */
export function historyStateOf(
  metric: Metric,
  { sealedBeforeMs, tiers: stored }: StoredHistory,
): HistoryState {
  return {
    sealedBeforeMs,
    tiers: tiersOf(metric).flatMap(({ stepMs, keepMs }) => {
      const tier = stored.get(stepMs / metric.window.advanceMs);
      if (tier === undefined) return [];
      const { sinceMs, steps, bytes } = tier;
      return [{ stepMs, keepMs, sinceMs, steps, bytes }];
    }),
  };
}
