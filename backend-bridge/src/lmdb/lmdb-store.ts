import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import { hasHistory, lifetimeMs } from '../domain/history/tiers';
import { metricShape } from '../domain/metric-shape';
import { unknownMetric } from '../domain/plan';
import type { SeriesPoints } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { Series } from '../domain/series';
import {
  STEPS_FILLED,
  type HistoryState,
  type HistoryStore,
  type PartitionGap,
  type PartitionReport,
  type ReadRequest,
  type SeriesStore,
  type StoredPosition,
  type StoreListener,
  type TopicIdentity,
  type TopicIncarnations,
  type WriteBatch,
  type WriteOutcome,
} from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import { unguarded, type ClockGuard, type PersistedTime } from '../domain/trusted-clock';
import { nextTopic } from '../domain/topic-identity';
import { applyBatch } from './apply-batch';
import { openEnvironment, prepareFolder, type Environment } from './environment';
import { lockFolder, type ExclusiveLock } from './exclusive-lock';
import { MetricState } from './metric-state';
import { historyStateOf, type HistoryRecord } from './history-record';
import { readPoints } from './read-points';
import { readSteps } from './read-steps';
import { RetentionSweeper } from './retention-sweeper';
import { SlotStaging } from './slot-staging';
import { checkDefinitions, registerMetrics } from './start-checks';
import { StepSealer } from './step-sealer';
import { WriteQueue } from './write-queue';

export interface LmdbStoreOptions {
  /** Folder of the store, created if missing. For one process only. */
  readonly path: string;
}

export interface LmdbStoreDependencies {
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Absent: `clock` is trusted. */
  readonly guard?: ClockGuard;
}

const SWEEP_INTERVAL_MS = 1_000;
/** Key of the last persisted time in the environment's `meta`. */
const CLOCK_KEY = 'clock';
/** Pause between two steps when there is much to delete, so that writes run in between. */
const SWEEP_PAUSE_MS = 20;
/** Size of a full transaction. */
const PROBE_BYTES = 1_048_576;

/** The embedded store: everything in one folder, for one process. */
export function createLmdbStore(
  options: LmdbStoreOptions,
  metrics: readonly Metric[],
  dependencies: LmdbStoreDependencies,
): SeriesStore {
  return new LmdbStore(options, metrics, dependencies);
}

/** Resources that exist between start() and close(). */
interface Opened {
  readonly env: Environment;
  readonly lock: ExclusiveLock;
  ids: ReadonlyMap<string, number>;
  readonly queue: WriteQueue;
  readonly stopSweeping: AbortController;
}

/** In-memory state of one metric, with the changes of the current transaction. */
interface MetricEntry {
  state: MetricState;
  /** The committed progress; `state` may be ahead of it during a transaction. */
  progress: Progress;
  history: HistoryRecord | null;
  sweeper: RetentionSweeper;
  sealer: StepSealer;
  staging: SlotStaging | null;
}

class LmdbStore implements SeriesStore {
  readonly kind = 'lmdb';
  readonly history: HistoryStore = {
    state: (metric) => this.historyState(metric),
    readSteps: async (metric, request) => {
      const { state, history } = this.entry(metric);
      return readSteps(this.open().env, state, history?.sealedBeforeMs ?? 0, request);
    },
    fill: async (metric, series, toMs) => {
      const packed = await this.entry(metric).sealer.packFilled(series);
      const filled = await this.change(metric, ({ sealer }) => {
        this.flush();
        return sealer.fill(packed, toMs);
      });
      // What was read before has none of these steps.
      if (filled) this.notify((listener) => listener.onGap(metric, STEPS_FILLED));
      return filled;
    },
  };
  private opened: Opened | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private readonly entries = new Map<string, MetricEntry>();
  private readonly listeners = new Set<StoreListener>();
  private readonly guard: ClockGuard;

  constructor(
    private readonly options: LmdbStoreOptions,
    private metrics: readonly Metric[],
    private readonly dependencies: LmdbStoreDependencies,
  ) {
    this.guard = dependencies.guard ?? unguarded(dependencies.clock);
  }

  async start(): Promise<void> {
    const { path } = this.options;
    prepareFolder(path);
    const lock = await lockFolder(path);
    let env: Environment | null = null;
    try {
      env = openEnvironment(path, this.guard.persistable().bootId, this.metrics.some(hasHistory));
      this.guard.restore(env.meta.get(CLOCK_KEY) as PersistedTime | undefined);
      checkDefinitions(env, this.metrics, path);
      const ids = env.root.transactionSync(() => registerMetrics(env!, this.metrics));
      const queue = new WriteQueue({
        commit: (work) => this.commit(work),
        undo: () => this.undo(),
      });
      this.opened = { env, lock, ids, queue, stopSweeping: new AbortController() };
      this.load(this.metrics);
      for (const { state } of this.entries.values()) state.forgetReports();
    } catch (error) {
      this.opened = null;
      await env?.close();
      await lock.release();
      throw error;
    }
    this.sweeping = this.sweepUntil(this.opened.stopSweeping.signal);
  }

  async useMetrics(metrics: readonly Metric[]): Promise<void> {
    const opened = this.open();
    const { env } = opened;
    checkDefinitions(env, metrics, this.options.path);
    if (metrics.some(hasHistory)) env.openSteps();
    await opened.queue.add({
      run: () => {
        this.flush();
        opened.ids = new Map([...opened.ids, ...registerMetrics(env, metrics)]);
        this.takeOver(metrics);
      },
      committed: () => {
        this.metrics = metrics;
      },
    });
  }

  epoch(): string {
    return this.open().env.epoch;
  }

  identifyTopic(metric: Metric, identity: TopicIdentity): Promise<TopicIncarnations | 'stale'> {
    return this.change(metric, (entry) => {
      const { state } = entry;
      const next = nextTopic(state.topic, identity);
      if (next === 'stale') return next;
      if (next !== state.topic) {
        if (next.topicId !== state.topic?.topicId) state.forgetPartitions();
        state.topic = next;
        this.stage(entry);
      }
      const { topicId, partitions, incarnations } = next;
      return { topicId, partitions, incarnations };
    });
  }

  appliedOffsets(metric: Metric): Promise<ReadonlyMap<number, number>> {
    return this.change(metric, ({ state }) => state.appliedOffsets());
  }

  storedPositions(metric: Metric): Promise<ReadonlyMap<number, StoredPosition>> {
    return this.change(metric, ({ state }) => state.storedPositions());
  }

  /** Only this process uses the store. */
  announceBridge(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  skipTo(metric: Metric, topicId: string, partition: number, offset: number): Promise<void> {
    return this.change(metric, (entry) => {
      const { state } = entry;
      const before = state.partition(partition);
      if (state.topic?.topicId !== topicId || offset - 1 <= before.applied) return;
      state.setPartition(partition, { ...before, applied: offset - 1 });
      this.stage(entry);
    });
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    const entry = this.entry(batch.metric);
    const { outcome } = await this.open().queue.add({
      run: () => {
        const applied = applyBatch(
          entry.state,
          this.stage(entry),
          batch,
          this.listeners.size > 0,
          this.guard.certain(),
        );
        return { ...applied, progress: entry.state.progress };
      },
      committed: ({ changes, moved, progress }) => {
        if (moved) this.notify((listener) => listener.onChanges(entry.state.metric, changes, progress));
      },
    });
    return outcome;
  }

  async reportPartitions(
    metric: Metric,
    topicId: string,
    reports: readonly PartitionReport[],
  ): Promise<readonly PartitionGap[]> {
    if (reports.length === 0) return [];
    const entry = this.entry(metric);
    const { gaps } = await this.open().queue.add({
      run: () => {
        const { state } = entry;
        if (state.topic?.topicId !== topicId) return { gaps: [], progress: null };
        const behind = reports.flatMap((report): PartitionGap[] => {
          const neededOffset = state.report(report);
          return neededOffset === null ? [] : [{ partition: report.partition, neededOffset }];
        });
        const nowMs = Math.max(...reports.map((report) => report.nowMs));
        const moved = this.guard.certain() && state.advance(nowMs);
        this.stage(entry);
        return { gaps: behind, progress: moved ? state.progress : null };
      },
      committed: ({ progress }) => {
        if (progress !== null)
          this.notify((listener) => listener.onChanges(entry.state.metric, [], progress));
      },
    });
    return gaps;
  }

  async progress(metric: Metric): Promise<Progress> {
    this.open();
    return Promise.resolve(this.entry(metric).progress);
  }

  async listSeries(metric: Metric): Promise<readonly Series[]> {
    this.open();
    return Promise.resolve(this.entry(metric).state.series.list());
  }

  async read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]> {
    return readPoints(this.open().env, this.entry(metric).state, request);
  }

  private async historyState(metric: Metric): Promise<HistoryState> {
    this.open();
    const { history } = this.entry(metric);
    return Promise.resolve(
      history === null ? { sealedBeforeMs: 0, tiers: [] } : historyStateOf(metric, history),
    );
  }

  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async checkReady(): Promise<void> {
    const { env, queue } = this.open();
    env.checkFolder();
    if (queue.failure === null) return;
    // The last transaction failed. The store is ready again when one that needs disk space succeeds.
    await queue.add({ run: () => env.meta.putSync('probe', Buffer.alloc(PROBE_BYTES)) });
    await queue.add({ run: () => env.meta.removeSync('probe') });
  }

  async close(): Promise<void> {
    const { opened } = this;
    if (opened === null) return;
    opened.stopSweeping.abort();
    await this.sweeping;
    await opened.queue.close();
    this.opened = null;
    await opened.env.close();
    await opened.lock.release();
  }

  private open(): Opened {
    if (this.opened === null) throw new UnavailableError('store', 'The embedded store is not open');
    return this.opened;
  }

  private entry(metric: Metric): MetricEntry {
    const entry = this.entries.get(metric.name);
    if (entry !== undefined) return entry;
    this.open();
    throw unknownMetric(metric.name);
  }

  /** Queued with all changes, so that the result never reflects a failed transaction. */
  private async change<T>(metric: Metric, run: (entry: MetricEntry) => T): Promise<T> {
    const entry = this.entry(metric);
    return this.open().queue.add({ run: () => run(entry) });
  }

  private stage(entry: MetricEntry): SlotStaging {
    entry.staging ??= new SlotStaging(this.open().env, entry.state);
    return entry.staging;
  }

  private flush(): void {
    for (const entry of this.entries.values()) {
      entry.staging?.flush();
      entry.staging = null;
    }
  }

  private async commit(work: () => void): Promise<void> {
    const { env } = this.open();
    const from = performance.now();
    await env.transaction(() => {
      env.checkOwner();
      work();
      this.flush();
    });
    // A read of this turn may have started before the commit; the next one must see it.
    env.root.resetReadTxn();
    for (const entry of this.entries.values()) {
      entry.progress = entry.state.progress;
      entry.history = entry.state.history;
    }
    this.dependencies.telemetry.storeLatency('commit', (performance.now() - from) / 1_000);
  }

  /** Loads the state of changed metrics from disk, within the transaction that changed it. */
  private takeOver(metrics: readonly Metric[]): void {
    this.keepOnly(metrics);
    this.load(
      metrics.filter((metric) => {
        const state = this.entries.get(metric.name)?.state;
        if (state === undefined || !isStoredAlike(state.metric, metric)) return true;
        state.metric = metric;
        return false;
      }),
    );
  }

  private undo(): void {
    this.keepOnly(this.metrics);
    this.load(this.metrics);
  }

  private keepOnly(metrics: readonly Metric[]): void {
    const names = new Set(metrics.map(({ name }) => name));
    for (const name of [...this.entries.keys()]) if (!names.has(name)) this.entries.delete(name);
  }

  /** Loads the state of these metrics from disk, at start and after a failed transaction. */
  private load(metrics: readonly Metric[]): void {
    const { env, ids } = this.open();
    for (const metric of metrics) {
      const state = MetricState.load(env, metric, ids.get(metric.name)!);
      const loaded = {
        state,
        progress: state.progress,
        history: state.history,
        sweeper: new RetentionSweeper(env, state),
        sealer: new StepSealer(env, state),
        staging: null,
      };
      const entry = this.entries.get(metric.name);
      if (entry === undefined) this.entries.set(metric.name, loaded);
      else Object.assign(entry, loaded);
    }
  }

  private async sweepUntil(signal: AbortSignal): Promise<void> {
    const { queue } = this.open();
    let more = false;
    while (!signal.aborted) {
      try {
        await delay(more ? SWEEP_PAUSE_MS : SWEEP_INTERVAL_MS, undefined, { signal, ref: false });
      } catch {
        return;
      }
      try {
        more = await queue.add({ run: () => this.sweepOnce() });
      } catch (error) {
        more = false;
        this.dependencies.log.warn({ error }, 'expired points could not be deleted; retrying');
      }
    }
  }

  private sweepOnce(): boolean {
    this.flush();
    this.open().env.meta.putSync(CLOCK_KEY, this.guard.persistable());
    if (!this.guard.certain()) return false;
    const nowMs = this.dependencies.clock();
    let more = false;
    for (const { sweeper, sealer } of this.entries.values()) {
      more = sweeper.step(nowMs) || more;
      more = sealer.step(nowMs) || more;
    }
    return more;
  }

  /** A listener that throws must not affect the others. */
  private notify(call: (listener: StoreListener) => void): void {
    for (const listener of this.listeners) {
      try {
        call(listener);
      } catch (error) {
        this.dependencies.log.error({ error }, 'a listener of the store failed');
      }
    }
  }
}

/** Whether points of both definitions are stored alike: they differ in titles, units and the like at most. */
function isStoredAlike(a: Metric, b: Metric): boolean {
  return (
    metricShape(a) === metricShape(b) &&
    lifetimeMs(a) === lifetimeMs(b) &&
    JSON.stringify(a.history) === JSON.stringify(b.history)
  );
}
