import { StartRefusedError, UnavailableError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import { bucketLayout } from '../domain/packed-point';
import type { SeriesPoints } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { Series } from '../domain/series';
import type {
  PartitionGap,
  PartitionReport,
  ReadRequest,
  SeriesStore,
  StoreListener,
  TopicIdentity,
  TopicIncarnations,
  WriteBatch,
  WriteOutcome,
} from '../domain/store';
import { nextTopic, type KnownTopic } from '../domain/topic-identity';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import { ChangeFeed } from './change-feed';
import type { ChangeMessage } from './change-message';
import { appliedOffsets, decodeGaps, parseProgress } from './partition-states';
import { readPoints, type MetricAccess } from './point-reader';
import { metricKeys, storeKey } from './redis-keys';
import { RedisLink, type TlsOptions } from './redis-link';
import { parseRedisUrl } from './redis-url';
import { SeriesIndex } from './series-index';
import { checkServer } from './start-checks';
import { enterEpoch } from './store-epoch';
import { redisErrorCode } from './store-errors';
import { decodeOutcome, encodeWrite, newestSeries } from './write-request';

export interface RedisStoreOptions {
  /** redis:// or rediss://, several hosts and ?cluster=true for a cluster (redis-url.ts). */
  readonly url: string;
  /** Every key begins with it. */
  readonly keyPrefix: string;
  /** Over those of the url. */
  readonly username?: string;
  readonly password?: string;
  /** PEM texts; used with rediss:// only. */
  readonly tls?: TlsOptions;
  /** A command without an answer for this long has failed. */
  readonly commandTimeoutMs: number;
}

export interface RedisStoreTools {
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

const IDENTIFY_ATTEMPTS = 10;
/** /readyz has to name Redis within two seconds. */
const READY_TIMEOUT_MS = 1000;
/** Codes that trying again does not cure: the settings are wrong. */
const SETTINGS_AT_FAULT = ['WRONGPASS', 'NOAUTH', 'NOPERM', 'MOVED', 'CROSSSLOT'];

export function createRedisStore(
  options: RedisStoreOptions,
  metrics: readonly Metric[],
  tools: RedisStoreTools,
): SeriesStore {
  return new RedisStore(options, metrics, tools);
}

class RedisStore implements SeriesStore {
  readonly kind = 'redis';
  private readonly link: RedisLink;
  private readonly feed: ChangeFeed;
  private readonly accesses = new Map<string, MetricAccess>();
  private readonly listeners = new Set<StoreListener>();
  private currentEpoch = '';
  private entering: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly options: RedisStoreOptions,
    metrics: readonly Metric[],
    private readonly tools: RedisStoreTools,
  ) {
    const target = parseRedisUrl(options.url);
    this.link = new RedisLink({
      target,
      username: options.username ?? target.username,
      password: options.password ?? target.password,
      tls: options.tls ?? null,
      commandTimeoutMs: options.commandTimeoutMs,
      telemetry: tools.telemetry,
    });
    for (const metric of metrics) {
      const keys = metricKeys(options.keyPrefix, metric.name);
      const index = new SeriesIndex(this.link, keys.series);
      this.accesses.set(metric.name, {
        metric,
        layout: bucketLayout(metric),
        keys,
        index,
      });
    }
    this.feed = new ChangeFeed(
      this.link,
      () => this.currentEpoch,
      [...this.accesses.values()],
      {
        onMessage: (access, message) => this.receive(access, message),
        onGap: (access, reason) => this.gap(access, reason),
        onForeignEpoch: () => this.enterInBackground(),
      },
      tools.log,
    );
  }

  async start(): Promise<void> {
    try {
      await this.link.connect();
      for (const info of await this.link.infoOfMasters()) checkServer(info);
      await this.enter();
      await this.feed.start();
    } catch (error) {
      if (error instanceof UnavailableError && SETTINGS_AT_FAULT.includes(redisErrorCode(error.cause)))
        throw new StartRefusedError(error.message, { cause: error });
      throw error;
    }
  }

  epoch(): string {
    if (this.currentEpoch === '') throw new UnavailableError('store', 'Redis has not answered yet');
    return this.currentEpoch;
  }

  async identifyTopic(metric: Metric, identity: TopicIdentity): Promise<TopicIncarnations | 'stale'> {
    const { keys } = this.access(metric);
    for (let attempt = 0; attempt < IDENTIFY_ATTEMPTS; attempt += 1) {
      const epoch = this.currentEpoch;
      const [, text = null] = await this.link.hmget(keys.meta, 'epoch', 'topic');
      const stored = text === null ? null : (JSON.parse(text) as KnownTopic);
      const next = nextTopic(stored, identity);
      if (next === 'stale') return next;
      if (next !== stored || text === null) {
        const reply = (await this.link.call(
          'set_topic',
          keys.meta,
          epoch,
          text ?? '',
          JSON.stringify(next),
          next.topicId,
          next.partitions,
          stored?.topicId === next.topicId ? '0' : '1',
        )) as string[];
        if (reply[0] === 'store_lost') await this.enter();
        if (reply[0] !== 'set') continue;
      }
      const { topicId, partitions, incarnations } = next;
      return { topicId, partitions, incarnations };
    }
    throw new UnavailableError(
      'store',
      `The topic of ${metric.name} changes under our hands; trying again will help`,
    );
  }

  async appliedOffsets(metric: Metric): Promise<ReadonlyMap<number, number>> {
    return appliedOffsets(await this.link.hgetallBuffer(this.access(metric).keys.parts));
  }

  async skipTo(metric: Metric, topicId: string, partition: number, offset: number): Promise<void> {
    const { keys } = this.access(metric);
    const reply = await this.link.call('skip', keys.meta, this.currentEpoch, topicId, partition, offset);
    if ((reply as string[])[0] === 'store_lost') await this.enter();
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    const { keys, layout, index } = this.access(batch.metric);
    const request = encodeWrite(batch, layout);
    // Expired records count too, though none of them is in the request: their partition is not idle.
    const came = batch.points.length > 0 || batch.maxEventMs !== null;
    const reply = await this.link.call(
      'write',
      keys.meta,
      this.currentEpoch,
      batch.topicId,
      request.bytes,
      came ? '1' : '0',
    );
    const outcome = decodeOutcome(reply, request);
    if (outcome.kind === 'store_lost') await this.enter();
    // The message that names a new series may still be on its way.
    if (outcome.kind === 'applied') index.expect(newestSeries(reply));
    return outcome;
  }

  async reportPartitions(
    metric: Metric,
    topicId: string,
    reports: readonly PartitionReport[],
  ): Promise<readonly PartitionGap[]> {
    if (reports.length === 0) return [];
    const { keys } = this.access(metric);
    const nowMs = Math.max(...reports.map((report) => report.nowMs));
    const reply = await this.link.call(
      'report',
      keys.meta,
      this.currentEpoch,
      topicId,
      nowMs,
      metric.idleMs,
      metric.finalOnly ? '1' : '0',
      ...reports.flatMap((report) => [report.partition, report.atEnd ? '1' : '0', report.position]),
    );
    if ((reply as string[])[0] === 'store_lost') await this.enter();
    return decodeGaps(reply);
  }

  async progress(metric: Metric): Promise<Progress> {
    const { keys } = this.access(metric);
    const [watermark = null, finalBefore = null] = await this.link.hmget(
      keys.meta,
      'watermark',
      'final_before',
    );
    return parseProgress(watermark, finalBefore);
  }

  async listSeries(metric: Metric): Promise<readonly Series[]> {
    return this.access(metric).index.list();
  }

  async read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]> {
    return readPoints(this.link, this.access(metric), request);
  }

  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async checkReady(): Promise<void> {
    const keys = this.link.isCluster
      ? [...this.accesses.values()].map((access) => access.keys.meta)
      : [storeKey(this.options.keyPrefix)];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new UnavailableError('store', `Redis did not answer within ${READY_TIMEOUT_MS} ms`)),
        READY_TIMEOUT_MS,
      );
    });
    try {
      const epochs = await Promise.race([Promise.all(keys.map((key) => this.link.call('ready', key))), late]);
      if (epochs.some((epoch) => epoch !== this.currentEpoch)) await this.enter();
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.feed.stop();
    await this.link.close();
  }

  private access(metric: Metric): MetricAccess {
    const access = this.accesses.get(metric.name);
    if (access === undefined) throw new RangeError(`the store was not made for the metric ${metric.name}`);
    return access;
  }

  /** Finds the epoch that holds now; tells the listeners when it is another one. One at a time. */
  private enter(): Promise<void> {
    this.entering ??= this.enterOnce().finally(() => {
      this.entering = null;
    });
    return this.entering;
  }

  private async enterOnce(): Promise<void> {
    const before = this.currentEpoch;
    const epoch = await enterEpoch(this.link, this.options.keyPrefix, [...this.accesses.values()]);
    if (epoch === before || this.closed) return;
    this.currentEpoch = epoch;
    if (before === '') return;
    this.tools.log.warn({ epoch, before }, 'the data in Redis was lost or rebuilt; it is filled again');
    for (const { index } of this.accesses.values()) index.clear();
    this.feed.reset();
    this.tell((listener) => listener.onEpoch(epoch));
  }

  private enterInBackground(): void {
    this.enter().catch((error: unknown) => {
      this.tools.log.warn({ err: error }, 'the epoch of the data in Redis cannot be read now');
    });
  }

  private receive(access: MetricAccess, message: ChangeMessage): void {
    for (const { id, key } of message.series) access.index.add(id, key);
    access.index.forget(message.forgotten);
    if (this.listeners.size === 0 || message.forgotten.length > 0) return;
    const changes = message.changes((id) => access.index.valuesOf(id) ?? []);
    this.tell((listener) => listener.onChanges(access.metric, changes, message.progress));
  }

  private gap(access: MetricAccess, reason: string): void {
    access.index.invalidate();
    this.tools.log.info({ metric: access.metric.name, reason }, 'changes in Redis may have been missed');
    this.tell((listener) => listener.onGap(access.metric, reason));
  }

  /** A listener that throws must not keep the others from hearing. */
  private tell(say: (listener: StoreListener) => void): void {
    for (const listener of this.listeners) {
      try {
        say(listener);
      } catch (error) {
        this.tools.log.error({ err: error }, 'a listener of the store failed');
      }
    }
  }
}
