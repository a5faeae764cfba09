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

/** The fields of a reply of HGETALL: names and values in turn. */
export function fieldsOf(reply: readonly Buffer[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (let i = 0; i < reply.length; i += 2)
    fields[reply[i]!.toString('latin1')] = reply[i + 1]!.toString('latin1');
  return fields;
}

/** By windows per step. */
export function parseTiers(fields: Readonly<Record<string, string>>): ReadonlyMap<number, StoredTier> {
  const tiers = new Map<number, { sinceMs: number; blocks: number[]; steps: number; bytes: number }>();
  for (const [field, text] of Object.entries(fields)) {
    const [kind, windows, block] = field.split(':');
    let tier = tiers.get(Number(windows));
    if (tier === undefined) {
      tier = { sinceMs: 0, blocks: [], steps: 0, bytes: 0 };
      tiers.set(Number(windows), tier);
    }
    if (kind === 'since') tier.sinceMs = Number(text);
    else if (kind === 'bytes') tier.bytes += Number(text);
    else {
      tier.steps += Number(text);
      tier.blocks.push(Number(block));
    }
  }
  for (const { blocks } of tiers.values()) blocks.sort((a, b) => a - b);
  return tiers;
}

/** A tier that the last started bridge does not keep is absent. */
export function historyStateOf(
  metric: Metric,
  sealedBeforeMs: number,
  stored: ReadonlyMap<number, StoredTier>,
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
