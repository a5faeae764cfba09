import { withDeadline } from '../domain/deadline';
import { UnavailableError } from '../domain/errors';
import { hasHistory } from '../domain/history/tiers';
import { metricShape } from '../domain/metric-shape';
import type { Metric } from '../domain/metric';
import { bucketLayout } from '../domain/packed-point';
import { unknownMetric } from '../domain/plan';
import type { SeriesPoints } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { Series } from '../domain/series';
import type {
  PartitionGap,
  PartitionReport,
  ReadRequest,
  SeriesStore,
  StoredPosition,
  StoreListener,
  TopicIdentity,
  TopicIncarnations,
  WriteBatch,
  WriteOutcome,
} from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import { unguarded, type ClockGuard } from '../domain/trusted-clock';
import { announceBridge } from './bridge-presence';
import { ChangeSubscriber } from './change-subscriber';
import type { ChangeMessage } from './change-message';
import { DefinitionComparison } from './definition-comparison';
import { keepAligned } from './expiry-alignment';
import { historyText } from './history-state';
import { appliedOffsets, storedPositions, decodeGaps, parseProgress } from './partition-states';
import { identifyTopic } from './identify-topic';
import { readPoints, type MetricEntry } from './point-reader';
import type { FunctionName } from './function-library';
import { metricKeys, storeKey } from './redis-keys';
import { RedisHistory } from './redis-history';
import { RedisLink, type TlsOptions } from './redis-link';
import { parseRedisUrl } from './redis-url';
import { SeriesCache } from './series-cache';
import { ServerCheck } from './start-checks';
import { SeenChanges } from './seen-changes';
import { StoreClock } from './store-clock';
import { StoreEpoch } from './store-epoch';
import { startRefusal } from './store-errors';
import { decodeOutcome, decodeReach, encodeWrite } from './write-request';

export interface RedisStoreOptions {
  /** redis:// or rediss://, several hosts and ?cluster=true for a cluster (redis-url.ts). */
  readonly url: string;
  /** Prefix of every key. */
  readonly keyPrefix: string;
  /** Overrides that of the url. */
  readonly username?: string;
  readonly password?: string;
  /** PEM; used with rediss:// only. */
  readonly tls?: TlsOptions;
  /** Command timeout. */
  readonly commandTimeoutMs: number;
  /** Name of this bridge in clock reports of others. */
  readonly bridgeName?: string;
}

export interface RedisStoreDependencies {
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Absent: `clock` is trusted. */
  readonly guard?: ClockGuard;
}

/** /readyz must report Redis within two seconds. */
const READY_TIMEOUT_MS = 1000;

export function createRedisStore(
  options: RedisStoreOptions,
  metrics: readonly Metric[],
  dependencies: RedisStoreDependencies,
): SeriesStore {
  return new RedisStore(options, metrics, dependencies);
}

class RedisStore implements SeriesStore {
  readonly kind = 'redis';
  readonly history: RedisHistory;
  readonly warnings = (): readonly string[] => this.definitions.differences;
  private readonly link: RedisLink;
  private readonly serverCheck = new ServerCheck(() => this.link.infoOfMasters());
  private readonly subscriber: ChangeSubscriber;
  private readonly guard: ClockGuard;
  private readonly storeClock: StoreClock;
  private readonly definitions: DefinitionComparison;
  private readonly entries = new Map<string, MetricEntry>();
  private readonly listeners = new Set<StoreListener>();
  private readonly storeEpoch: StoreEpoch;
  /** Newest end of a final window at the last change of grace, by metric. */
  private readonly finalEnds = new Map<string, number | null>();
  private aligning: Promise<void> | null = null;
  private sealing: Promise<void> | null = null;
  private readonly closing = new AbortController();

  constructor(
    private readonly options: RedisStoreOptions,
    metrics: readonly Metric[],
    private readonly dependencies: RedisStoreDependencies,
  ) {
    const target = parseRedisUrl(options.url);
    this.link = new RedisLink({
      target,
      username: options.username ?? target.username,
      password: options.password ?? target.password,
      tls: options.tls ?? null,
      commandTimeoutMs: options.commandTimeoutMs,
      telemetry: dependencies.telemetry,
      onConnected: () => {
        for (const { index } of this.entries.values()) index.invalidate();
      },
    });
    this.guard = dependencies.guard ?? unguarded(dependencies.clock);
    const { keyPrefix, bridgeName = 'bridge' } = options;
    this.storeClock = new StoreClock(this.link, keyPrefix, bridgeName, this.guard);
    this.definitions = new DefinitionComparison(this.link, keyPrefix, bridgeName, this.entries, dependencies);
    for (const metric of metrics) this.entries.set(metric.name, this.makeEntry(metric));
    this.storeEpoch = new StoreEpoch(
      this.link,
      options.keyPrefix,
      () => [...this.entries.values()],
      (epoch, before) => this.entered(epoch, before),
      dependencies.log,
    );
    this.history = new RedisHistory(this.link, this.storeEpoch, (metric) => this.entry(metric));
    this.subscriber = new ChangeSubscriber(
      this.link,
      this.storeEpoch,
      [...this.entries.values()],
      {
        onMessage: (entry, message) => this.receive(entry, message),
        onGap: (entry, reason) => this.gap(entry, reason),
        onForeignEpoch: () => this.inBackground(this.storeEpoch.enter()),
      },
      dependencies.log,
    );
  }

  async start(): Promise<void> {
    try {
      await this.link.connect();
      await this.serverCheck.atStart();
      await this.storeEpoch.enter();
      await this.storeClock.start();
      await this.subscriber.start();
      this.aligning ??= keepAligned(
        this.link,
        () => [...this.entries.values()],
        () => this.storeEpoch.current,
        this.dependencies.log,
        this.closing.signal,
      );
      const { clock, log } = this.dependencies;
      this.sealing ??= this.history.keepSealed(
        () => [...this.entries.values()],
        (metric) => ({ clock, guard: this.guard, progress: () => this.progress(metric) }),
        log,
        this.closing.signal,
      );
      this.definitions.start(this.closing.signal);
    } catch (error) {
      throw startRefusal(error);
    }
  }

  async useMetrics(metrics: readonly Metric[]): Promise<void> {
    // Throws before the first start, in which all metrics are registered.
    this.epoch();
    const changed = metrics.filter((metric) => this.entries.get(metric.name)?.metric !== metric);
    for (const metric of changed) {
      await this.storeEpoch.checkDefinition({
        metric,
        keys: metricKeys(this.options.keyPrefix, metric.name),
      });
    }
    for (const metric of changed) {
      const entry = this.entries.get(metric.name);
      if (entry === undefined) await this.add(this.makeEntry(metric));
      else await this.redefine(entry, metric);
    }
    const names = new Set(metrics.map(({ name }) => name));
    for (const [name, entry] of this.entries) {
      if (names.has(name)) continue;
      this.entries.delete(name);
      this.finalEnds.delete(name);
      this.subscriber.remove(entry);
    }
  }

  private async add(entry: MetricEntry): Promise<void> {
    await this.storeEpoch.register(entry, true);
    this.entries.set(entry.metric.name, entry);
    await this.subscriber.add(entry);
  }

  private async redefine(entry: MetricEntry, metric: Metric): Promise<void> {
    const layout = bucketLayout(metric);
    const isKeptAlike =
      metricShape(metric) === metricShape(entry.metric) && historyText(metric) === historyText(entry.metric);
    if (!isKeptAlike) await this.storeEpoch.register({ ...entry, metric, layout }, false);
    entry.metric = metric;
    entry.layout = layout;
  }

  private makeEntry(metric: Metric): MetricEntry {
    const keys = metricKeys(this.options.keyPrefix, metric.name);
    const index: SeriesCache = new SeriesCache(this.link, keys.series, {
      confirm: () => this.storeEpoch.confirm(entry),
      conflict: () => this.storeEpoch.leave(this.epoch()),
    });
    const entry: MetricEntry = {
      metric,
      layout: bucketLayout(metric),
      keys,
      changes: new SeenChanges(),
      index,
    };
    return entry;
  }

  epoch(): string {
    const { current } = this.storeEpoch;
    if (current === '') throw new UnavailableError('store', 'Redis has not answered yet');
    return current;
  }

  async identifyTopic(metric: Metric, identity: TopicIdentity): Promise<TopicIncarnations | 'stale'> {
    const entry = this.entry(metric);
    return identifyTopic(metric, identity, {
      read: () => this.link.hmget(entry.keys.meta, 'topic'),
      set: (...args) => this.change(entry, 'set_topic', ...args),
    });
  }

  async appliedOffsets(metric: Metric): Promise<ReadonlyMap<number, number>> {
    const entry = this.entry(metric);
    return this.storeEpoch.reading(entry, async () =>
      appliedOffsets(await this.link.hgetallBuffer(entry.keys.parts)),
    );
  }

  async storedPositions(metric: Metric): Promise<ReadonlyMap<number, StoredPosition>> {
    const entry = this.entry(metric);
    return this.storeEpoch.reading(entry, async () =>
      storedPositions(await this.link.hgetallBuffer(entry.keys.parts)),
    );
  }

  async announceBridge(bridgeId: string, others: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return announceBridge(this.link, this.options.keyPrefix, bridgeId, others);
  }

  async skipTo(metric: Metric, topicId: string, partition: number, offset: number): Promise<void> {
    await this.change(this.entry(metric), 'skip', topicId, partition, offset);
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    const entry = this.entry(batch.metric);
    const { topicId, partition, toOffset } = batch;
    const certain = this.guard.certain();
    const request = encodeWrite(batch, entry.layout, certain);
    const acknowledged = entry.changes.appliedTo(topicId, partition);
    const epoch = this.epoch();
    // Expired records count as activity although they are not in the request: their partition is not idle.
    const came = batch.points.length > 0 || batch.maxEventMs !== null;
    const reply = await this.change(
      entry,
      'write',
      topicId,
      request.bytes,
      came ? '1' : '0',
      this.guard.own(),
      this.guard.toleranceMs,
      certain && hasHistory(batch.metric) ? batch.metric.retentionMs : '',
    );
    const outcome = decodeOutcome(reply, request);
    if (outcome.kind === 'gap' && outcome.neededOffset <= acknowledged) await this.storeEpoch.leave(epoch);
    if (outcome.kind === 'applied' && epoch === this.epoch()) {
      const { number, newestSeries } = decodeReach(reply);
      // The message with the new series may not have arrived yet.
      entry.index.expect(newestSeries);
      entry.changes.see(number);
      entry.changes.acknowledge(topicId, partition, toOffset);
    }
    return outcome;
  }

  async reportPartitions(
    metric: Metric,
    topicId: string,
    reports: readonly PartitionReport[],
  ): Promise<readonly PartitionGap[]> {
    if (reports.length === 0) return [];
    // With clocks that disagree, neither may make a reader's position look newer than it is.
    const reportedMs = Math.max(...reports.map((report) => report.nowMs));
    const nowMs = this.guard.certain() ? reportedMs : Math.min(reportedMs, this.guard.own());
    const entry = this.entry(metric);
    const epoch = this.epoch();
    const acknowledged = new Map(
      reports.map(({ partition }) => [partition, entry.changes.appliedTo(topicId, partition)]),
    );
    const reply = await this.change(
      entry,
      'report',
      topicId,
      nowMs,
      metric.idleMs,
      metric.finalOnly ? '1' : '0',
      this.guard.own(),
      this.guard.toleranceMs,
      ...reports.flatMap((report) => [report.partition, report.atEnd ? '1' : '0', report.position]),
    );
    const gaps = decodeGaps(reply);
    if (gaps.some(({ partition, neededOffset }) => neededOffset <= acknowledged.get(partition)!))
      await this.storeEpoch.leave(epoch);
    return gaps;
  }

  async progress(metric: Metric): Promise<Progress> {
    const { values } = await this.storeEpoch.confirm(
      this.entry(metric),
      'watermark',
      'final_before',
      'series_refused',
      'final_ends',
    );
    const [watermark = null, finalBefore = null, seriesRefused = null, finalEnds = null] = values;
    this.finalEnds.set(metric.name, finalEnds === null ? null : Number(finalEnds));
    return this.keepFinal(metric, parseProgress(watermark, finalBefore, seriesRefused));
  }

  async listSeries(metric: Metric): Promise<readonly Series[]> {
    return this.entry(metric).index.list();
  }

  async read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]> {
    const entry = this.entry(metric);
    return this.storeEpoch.reading(entry, (confirmed) => readPoints(this.link, entry, request, confirmed));
  }

  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async checkReady(): Promise<void> {
    const keys = this.link.isCluster
      ? [...this.entries.values()].map((entry) => entry.keys.step)
      : [[storeKey(this.options.keyPrefix)]];
    const epochs = await withDeadline(
      Promise.all(keys.map((key) => this.link.call('ready', key))),
      READY_TIMEOUT_MS,
      () => this.link.late(READY_TIMEOUT_MS),
    );
    if (epochs.some((epoch) => epoch !== this.epoch())) await this.storeEpoch.enter();
    if (this.subscriber.fault !== null) throw this.subscriber.fault;
    await Promise.all([this.link.checkPermissions(), this.serverCheck.again()]);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.subscriber.stop();
    this.storeClock.stop();
    await this.link.close();
  }

  private entry(metric: Metric): MetricEntry {
    const entry = this.entries.get(metric.name);
    if (entry === undefined) throw unknownMetric(metric.name);
    return entry;
  }

  /**
   * Calls a function that changes the metric in the current epoch. A Redis process that does not know the metric's
   * change numbers refuses; then the epoch is entered again, and the change retried once if the epoch is the same.
   */
  private async change(
    entry: MetricEntry,
    name: FunctionName,
    ...args: (string | number | Buffer)[]
  ): Promise<readonly unknown[]> {
    const epoch = this.epoch();
    const call = async (): Promise<readonly unknown[]> =>
      (await this.link.call(name, entry.keys.step, epoch, ...args)) as unknown[];
    const reply = await call();
    if (reply[0] !== 'store_lost') return reply;
    await this.storeEpoch.enter();
    return this.epoch() === epoch ? call() : reply;
  }

  private entered(epoch: string, before: string): void {
    if (before === '' || this.closing.signal.aborted) return;
    this.dependencies.log.warn(
      { epoch, before },
      'Redis lost acknowledged data or was flushed; starting a new epoch and re-reading what is missing',
    );
    for (const { index } of this.entries.values()) index.clear();
    this.subscriber.reset();
    this.notify((listener) => listener.onEpoch(epoch));
  }

  /** Keeps windows final that were final before the grace was extended, by this bridge's own grace. */
  private keepFinal(metric: Metric, progress: Progress): Progress {
    const ends = this.finalEnds.get(metric.name) ?? null;
    const { finalBeforeMs } = progress;
    if (ends === null || finalBeforeMs === null) return progress;
    return { ...progress, finalBeforeMs: Math.max(finalBeforeMs, ends + metric.window.graceMs) };
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.dependencies.log.warn({ err: error }, 'the epoch of the data in Redis cannot be read now');
    });
  }

  private receive(entry: MetricEntry, message: ChangeMessage): void {
    for (const { id, key } of message.series) {
      if (entry.index.add(id, key)) continue;
      this.inBackground(this.storeEpoch.leave(message.epoch));
      return;
    }
    entry.index.forget(message.forgotten);
    if (this.listeners.size === 0 || message.forgotten.length > 0) return;
    const changes = message.changes((id) => entry.index.valuesOf(id) ?? []);
    const progress = this.keepFinal(entry.metric, message.progress);
    this.notify((listener) => listener.onChanges(entry.metric, changes, progress));
  }

  private gap(entry: MetricEntry, reason: string): void {
    this.dependencies.log.info(
      { metric: entry.metric.name, reason },
      'changes in Redis may have been missed',
    );
    this.notify((listener) => listener.onGap(entry.metric, reason));
  }

  /** A listener that throws must not affect the others. */
  private notify(say: (listener: StoreListener) => void): void {
    for (const listener of this.listeners) {
      try {
        say(listener);
      } catch (error) {
        this.dependencies.log.error({ err: error }, 'a listener of the store failed');
      }
    }
  }
}
