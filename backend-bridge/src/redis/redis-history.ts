import { setTimeout as delay } from 'node:timers/promises';
import { hasHistory } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import type { HistoryState, HistoryStore, StepsAnswer, StepsRequest } from '../domain/store';
import type { Log } from '../domain/telemetry';
import { fieldsOf, historyStateOf, parseTiers } from './history-state';
import type { MetricEntry } from './point-reader';
import type { RedisLink } from './redis-link';
import { readSteps } from './step-reader';
import { StepSealer, type SealerDependencies } from './step-sealer';
import type { StoreEpoch } from './store-epoch';

const SEAL_INTERVAL_MS = 1_000;
/** Pause between two steps when there is much to seal, so that writes run in between. */
const SEAL_PAUSE_MS = 20;

/** History in Redis (history.lua). */
export class RedisHistory implements HistoryStore {
  constructor(
    private readonly link: RedisLink,
    private readonly storeEpoch: StoreEpoch,
    private readonly entry: (metric: Metric) => MetricEntry,
  ) {}

  async state(metric: Metric): Promise<HistoryState> {
    const entry = this.entry(metric);
    if (!hasHistory(metric)) return { sealedBeforeMs: 0, tiers: [] };
    // Sent together: Redis answers in this order, so the epoch is confirmed after the tiers were read.
    const [tiers, { values }] = await Promise.all([
      this.link.hgetall(entry.keys.tiers),
      this.storeEpoch.confirm(entry, 'sealed_before'),
    ]);
    return historyStateOf(metric, Number(values[0] ?? 0), parseTiers(tiers));
  }

  async readSteps(metric: Metric, request: StepsRequest): Promise<StepsAnswer> {
    const entry = this.entry(metric);
    return this.storeEpoch.reading(entry, async () => {
      // The boundary first: everything before it is in blocks by then. A cluster that moves the slot answers both again.
      const [[boundary], tiers] = (await this.link.pipeline([
        ['HMGET', entry.keys.meta, 'sealed_before'],
        ['HGETALL', entry.keys.tiers],
      ])) as [[Buffer | null], readonly Buffer[]];
      const sealedBeforeMs = Number(boundary?.toString('latin1') ?? 0);
      const blocks = parseTiers(fieldsOf(tiers)).get(request.stepMs / metric.window.advanceMs)?.blocks ?? [];
      const series = await readSteps(this.link, entry, sealedBeforeMs, blocks, request);
      return { sealedBeforeMs, series };
    });
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
