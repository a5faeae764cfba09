import { setTimeout as delay } from 'node:timers/promises';
import { hasHistory } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { HistoryState, HistoryStore, StepsAnswer, StepsRequest } from '../domain/store';
import type { Log } from '../domain/telemetry';
import { historyStateOf, parseTiers, type StoredHistory } from './history-state';
import type { MetricEntry } from './point-reader';
import type { RedisLink } from './redis-link';
import { boundaryOf, readSteps } from './step-reader';
import { StepSealer, type SealerDependencies } from './step-sealer';
import type { StoreEpoch } from './store-epoch';

const SEAL_INTERVAL_MS = 1_000;
/** Pause between two steps when there is much to seal, so that writes run in between. */
const SEAL_PAUSE_MS = 20;

/** History in Redis (history.lua). */
export class RedisHistory implements HistoryStore {
  /** As read last: all blocks of steps before its boundary, for as long as that is where the boundary is. */
  private readonly known = new WeakMap<MetricEntry, StoredHistory>();

  constructor(
    private readonly link: RedisLink,
    private readonly storeEpoch: StoreEpoch,
    private readonly entry: (metric: Metric) => MetricEntry,
  ) {}

  async state(metric: Metric): Promise<HistoryState> {
    if (!hasHistory(metric)) return { sealedBeforeMs: 0, tiers: [] };
    return historyStateOf(metric, await this.load(this.entry(metric)));
  }

  async readSteps(metric: Metric, request: StepsRequest): Promise<StepsAnswer> {
    const entry = this.entry(metric);
    return this.storeEpoch.reading(entry, async (confirmed) => {
      for (;;) {
        const { sealedBeforeMs, tiers } = this.known.get(entry) ?? (await this.load(entry));
        const blocks = tiers.get(request.stepMs / metric.window.advanceMs)?.blocks ?? [];
        const series = await readSteps(confirmed, entry, sealedBeforeMs, blocks, request);
        if (series !== null) return { sealedBeforeMs, series };
        this.known.delete(entry);
      }
    });
  }

  private async load(entry: MetricEntry): Promise<StoredHistory> {
    // The boundary first: everything before it is in blocks by then.
    const [[boundary], tiers] = (await this.storeEpoch.reading(entry, (confirmed) =>
      confirmed([boundaryOf(entry), ['HGETALL', entry.keys.tiers]]),
    )) as [[Buffer | null], readonly Buffer[]];
    const history = { sealedBeforeMs: Number(boundary ?? 0), tiers: parseTiers(tiers) };
    this.known.set(entry, history);
    return history;
  }

  /** Seals windows into steps and deletes expired steps, until the signal aborts. */
  async keepSealed(
    entries: () => readonly MetricEntry[],
    dependenciesOf: (metric: Metric) => SealerDependencies,
    log: Log,
    signal: AbortSignal,
  ): Promise<void> {
    const sealers = new WeakMap<Metric, StepSealer>();
    const sealerOf = (entry: MetricEntry): StepSealer => {
      const { metric } = entry;
      const sealer =
        sealers.get(metric) ?? new StepSealer(this.link, this.storeEpoch, entry, dependenciesOf(metric));
      sealers.set(metric, sealer);
      return sealer;
    };
    let failing = false;
    for (;;) {
      let more = false;
      try {
        for (const entry of entries()) {
          if (hasHistory(entry.metric)) more = (await sealerOf(entry).step()) || more;
        }
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!failing) log.warn({ err: error }, 'sealing in Redis failed; retrying');
        failing = true;
      }
      await delay(more ? SEAL_PAUSE_MS : SEAL_INTERVAL_MS, undefined, { signal, ref: false }).catch(
        () => undefined,
      );
      if (signal.aborted) return;
    }
  }
}
