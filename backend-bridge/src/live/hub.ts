import { Aggregates } from './aggregates';
import type { Aggregator } from './aggregate';
import { EventsFeed } from './events-feed';
import { ForecastFeed } from './forecast-feed';
import type { LiveEngine } from './live-engine';
import type { LiveSink } from './live-sink';
import { OriginalFeed, type OriginalSubscription } from './original-feed';
import { FlushLoad, PACE, type PaceOptions } from './pace';
import { SeenRevisions } from './seen-revisions';
import type { FeedDependencies } from './selection-feed';
import { SeriesFeed } from './series-feed';
import { FairGate } from '../domain/fair-gate';
import type { PreparedForecast } from '../domain/forecasting';
import type { MemoryBudget } from '../domain/memory-budget';
import type { Metric } from '../domain/metric';
import { unknownMetric } from '../domain/plan';
import type { Progress } from '../domain/progress';
import type { Plan } from '../domain/query-answer';
import type { Filter } from '../domain/selection';
import { STEPS_FILLED, type PointChange, type SeriesStore } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';

export interface LiveHubOptions {
  /** Concurrent snapshot reads. */
  readonly snapshots?: number;
  /** Resyncs of a whole metric are spread over this many ms. */
  readonly jitterMs?: number;
  readonly pace?: PaceOptions;
  /** Most points in one read of the store. */
  readonly maxScanPoints?: number;
}

export interface LiveHubDependencies {
  readonly engine: LiveEngine;
  readonly store: SeriesStore;
  readonly metrics: readonly Metric[];
  readonly options?: LiveHubOptions;
  /** Shared with HTTP queries. */
  readonly memory: MemoryBudget;
  readonly turns: FairGate;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** Handle of a client's subscription. */
export interface LiveSubscription {
  /** Resolves when the snapshot is sent; rejects with RequestError or UnavailableError, which ends the subscription. */
  readonly ready: Promise<void>;
  /** Messages waiting until the client is writable. */
  readonly unsent: number;
  end(): void;
}

export interface LiveHub {
  /**
   * Serves these metrics from now on; the engine and the store know them already. Subscribers of changed ones are
   * resynced, those of metrics that are gone get `unknown_metric`.
   */
  useMetrics(metrics: readonly Metric[], changed: ReadonlySet<string>): void;
  /** Subscribes to the store, which must have started. Retries when the store does not answer. */
  start(): Promise<void>;
  close(): void;
  progressOf(metric: string): Progress;
  epoch(): string;
  subscribe(
    kind: 'series' | 'events',
    plan: Plan,
    id: string,
    fromMs: number,
    sink: LiveSink,
  ): LiveSubscription;
  subscribeForecast(prepared: PreparedForecast, id: string, fromMs: number, sink: LiveSink): LiveSubscription;
  /**
   * metric_update messages for a client restricted by `tenant`; `refresh` is called when current_state must be sent
   * again.
   */
  subscribeOriginal(tenant: readonly Filter[], sink: LiveSink, refresh: () => void): OriginalSubscription;
  /** Rejects with UnavailableError. */
  aggregators(tenant: readonly Filter[]): Promise<Record<string, Aggregator>>;
  stats(): { readonly selections: number; readonly subscriptions: number };
}

type AnyFeed = SeriesFeed | EventsFeed | ForecastFeed;

const PROGRESS_RETRY_MS = 1_000;
/** Selections of one token that read their changes at once: half of these. */
const UPDATES = 16;
const NOTHING_YET: Progress = { watermarkMs: null, finalBeforeMs: null };

/** Distributes the store's changes to clients: one feed per distinct selection, shared by its subscribers. */
export function createLiveHub(dependencies: LiveHubDependencies): LiveHub {
  const { engine, store, log, telemetry, clock } = dependencies;
  let { metrics } = dependencies;
  const pace = dependencies.options?.pace ?? PACE;
  const jitterMs = dependencies.options?.jitterMs ?? 1_000;
  const load = new FlushLoad();
  const progress = new Map<string, Progress>();
  const progressOf = (metric: string): Progress => progress.get(metric) ?? NOTHING_YET;
  const feeds = new Map<string, Map<string, AnyFeed>>();
  const seen = new Map(metrics.map((metric) => [metric.name, new SeenRevisions()]));
  const aggregates = new Aggregates(metrics, engine, store, clock, log);
  const original = new OriginalFeed(engine, telemetry, progressOf, load, pace);
  const feedDependencies: FeedDependencies = {
    engine,
    store,
    clock,
    log,
    telemetry,
    load,
    pace,
    budgets: {
      snapshots: new FairGate({
        places: dependencies.options?.snapshots ?? 4,
        setting: 'limits.max_concurrent_queries',
      }),
      updates: new FairGate({ places: UPDATES, setting: 'limits.max_concurrent_queries' }),
      turns: dependencies.turns,
      memory: dependencies.memory,
      kept: dependencies.memory.another(),
    },
    maxScanPoints: dependencies.options?.maxScanPoints ?? 5_000_000,
    progressOf,
  };
  let unsubscribe: (() => void) | null = null;
  let closed = false;

  const feedsOf = (metric: string): Map<string, AnyFeed> => {
    let byKey = feeds.get(metric);
    if (byKey === undefined) {
      byKey = new Map();
      feeds.set(metric, byKey);
    }
    return byKey;
  };
  const feedFor = (metric: Metric, key: string, make: (onEmpty: () => void) => AnyFeed): AnyFeed => {
    const byKey = feedsOf(metric.name);
    let feed = byKey.get(key);
    if (feed === undefined) {
      feed = make(() => void byKey.delete(key));
      byKey.set(key, feed);
    }
    return feed;
  };
  const onChanges = (metric: Metric, changes: readonly PointChange[], now: Progress): void => {
    // Taken out of the metrics file, while another bridge still writes to it.
    if (!seen.has(metric.name)) return;
    progress.set(metric.name, furthest(progressOf(metric.name), now));
    const nowMs = clock();
    const revisions = seen.get(metric.name);
    const fresh = changes.filter((one) => revisions?.accept(one.seriesId, one.startMs, one.revision) ?? true);
    if (fresh.length > 0) {
      aggregates.changed(metric, fresh);
      original.changed(metric, fresh, nowMs);
    }
    for (const feed of feedsOf(metric.name).values()) feed.changed(fresh, nowMs);
  };
  const retries = new Set<NodeJS.Timeout>();
  /** Retried until the store answers: stores report only progress that moves, and a stopped stream's does not. */
  const readProgress = async (metric: Metric): Promise<void> => {
    const epoch = store.epoch();
    try {
      const stored = await store.progress(metric);
      // The store was lost meanwhile; its successor is being read.
      if (store.epoch() !== epoch) return;
      onChanges(metric, [], stored);
    } catch (error) {
      if (closed) return;
      log.warn({ metric: metric.name, err: error }, 'progress unknown; retrying');
      const timer = setTimeout(() => {
        retries.delete(timer);
        void readProgress(metric);
      }, PROGRESS_RETRY_MS);
      timer.unref();
      retries.add(timer);
    }
  };
  const resyncFeeds = ({ name }: Metric, reason: string): void => {
    for (const feed of feedsOf(name).values()) feed.resyncAll(reason, jitterMs);
  };
  const resync = (metric: Metric, reason: string): void => {
    aggregates.forget(metric);
    resyncFeeds(metric, reason);
  };

  return {
    progressOf,
    epoch: () => store.epoch(),
    async start() {
      unsubscribe = store.subscribe({
        onChanges,
        onGap(metric, reason) {
          if (reason === STEPS_FILLED) {
            // No window has changed, and the original protocol has nothing but windows.
            resyncFeeds(metric, 'store_gap');
            return;
          }
          log.warn({ metric: metric.name, reason }, 'changes may have been missed; resyncing subscribers');
          // A store that lost its last second is refilled with revisions that were sent before the loss; clients that
          // read a snapshot meanwhile need them again.
          seen.get(metric.name)?.forget();
          resync(metric, 'store_gap');
          original.resyncAll('store_gap');
          void readProgress(metric);
        },
        onEpoch(epoch) {
          log.warn({ epoch }, 'the store was lost or rebuilt; resyncing subscribers');
          progress.clear();
          for (const revisions of seen.values()) revisions.forget();
          for (const metric of metrics) {
            resync(metric, 'store_epoch');
            void readProgress(metric);
          }
          original.resyncAll('store_epoch');
        },
      });
      await Promise.all(metrics.map(readProgress));
      aggregates.warm();
    },
    useMetrics(next, changed) {
      metrics = next;
      const names = new Set(next.map(({ name }) => name));
      aggregates.useMetrics(next, changed);
      for (const name of changed) {
        const before = feeds.get(name);
        feeds.delete(name);
        if (!names.has(name)) {
          progress.delete(name);
          seen.delete(name);
        }
        for (const feed of before?.values() ?? []) {
          if (names.has(name)) feed.metricChanged();
          else feed.failAll(unknownMetric(name));
        }
      }
      for (const metric of next) {
        if (!changed.has(metric.name)) continue;
        if (!seen.has(metric.name)) seen.set(metric.name, new SeenRevisions());
        void readProgress(metric);
      }
    },
    close() {
      closed = true;
      for (const timer of retries) clearTimeout(timer);
      unsubscribe?.();
      original.close();
      for (const byKey of feeds.values()) for (const feed of byKey.values()) feed.close();
      feeds.clear();
    },
    subscribe: (kind, plan, id, fromMs, sink) =>
      feedFor(plan.metric, `${kind} ${plan.key}`, (onEmpty) =>
        kind === 'series'
          ? new SeriesFeed(plan, feedDependencies, onEmpty)
          : new EventsFeed(plan, feedDependencies, onEmpty),
      ).subscribe(id, fromMs, sink),
    subscribeForecast: (prepared, id, fromMs, sink) =>
      feedFor(
        prepared.plan.metric,
        `forecast ${prepared.key}`,
        (onEmpty) => new ForecastFeed(prepared, feedDependencies, onEmpty),
      ).subscribe(id, fromMs, sink),
    subscribeOriginal: (tenant, sink, refresh) => original.add(tenant, sink, refresh),
    aggregators: (tenant) => aggregates.current(tenant),
    stats() {
      let selections = 0;
      let subscriptions = 0;
      for (const byKey of feeds.values()) {
        selections += byKey.size;
        for (const feed of byKey.values()) subscriptions += feed.subscribers;
      }
      return { selections, subscriptions };
    },
  };
}

/** The later progress: messages of two writers may arrive out of order, and progress never goes back. */
function furthest(a: Progress, b: Progress): Progress {
  const later = (x: number | null, y: number | null): number | null =>
    x === null || y === null ? (x ?? y) : Math.max(x, y);
  return {
    watermarkMs: later(a.watermarkMs, b.watermarkMs),
    finalBeforeMs: later(a.finalBeforeMs, b.finalBeforeMs),
  };
}
