import type { Kafka } from 'kafkajs';
import { Backoff } from '../domain/backoff';
import type { TopicView } from './cluster/cluster-view';
import { UnavailableError } from '../domain/errors';
import type { TopicMapping } from '../domain/mapping';
import type { Source, SourceStatus } from '../domain/source';
import { GroupMonitor } from './group-monitor';
import {
  createGroupReader,
  partitionKey,
  type GroupReader,
  type GroupReaderDependencies,
} from './reading/group-reader';
import { replaceTopics, type MetricConsumer, type SourceTopic } from './reading/source-topic';
import { sourceStatus, type Failing } from './source-status';

export interface SupervisorDependencies extends Omit<GroupReaderDependencies, 'client' | 'identityLost'> {
  readonly makeClient: () => Kafka;
}

interface Replacement {
  readonly topics: ReadonlyMap<string, SourceTopic>;
  readonly done: () => void;
}

const POLL_MS = 1_000;
const STALL_MS = 30_000;
/** After this the group has reassigned the consumer's partitions, or is about to. */
const HEARTBEAT_LOST_MS = 20_000;

/**
 * Polls the cluster about once a second and keeps a matching consumer: handles topics that are created, deleted,
 * recreated or expanded, consumers that crash or stall, and a lost store. Reports reader positions to the store.
 */
export class SourceSupervisor implements Source {
  readonly kind = 'kafka';
  private reader: GroupReader | null = null;
  /** The topics and identities the reader was built for; a change rebuilds it. */
  private readerKey = '';
  private views: ReadonlyMap<string, TopicView> = new Map();
  private clusterFailing: Failing | null = null;
  private storeFailing: Failing | null = null;
  /** Why the last consumer ended; reported until the next one has joined. */
  private consumerEnded: Failing | null = null;
  private stopped = false;
  private started = false;
  private running: Promise<void> = Promise.resolve();
  private wake: (() => void) | null = null;
  /** Earliest time for the next consumer, by `performance.now()`, as all durations here. */
  private notBeforeMs = 0;
  private warnedDeadLetters = false;
  private readonly rebuild = new Backoff(500, 15_000);
  private readonly stalls = new Backoff(1_000, 120_000);
  private readonly standing = new Map<string, { next: number; sinceMs: number }>();

  private sourceTopics: ReadonlyMap<string, SourceTopic>;
  /** Of a metrics file that was read again; the loop puts them in place between two ticks. */
  private replacement: Replacement | null = null;
  private readonly group: GroupMonitor;

  constructor(
    /** The topics of mappings. Throws StartRefusedError. */
    private readonly topicsOf: (mappings: readonly TopicMapping[]) => ReadonlyMap<string, SourceTopic>,
    mappings: readonly TopicMapping[],
    private readonly dependencies: SupervisorDependencies,
  ) {
    this.sourceTopics = topicsOf(mappings);
    this.group = new GroupMonitor(dependencies);
  }

  start(): Promise<void> {
    if (!this.started) {
      this.started = true;
      this.running = this.run();
    }
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake?.();
    await this.running;
    this.replacement?.done();
    await this.endReader();
    await Promise.all([this.dependencies.deadLetters.close(), this.dependencies.view.close()]);
  }

  checkMappings(mappings: readonly TopicMapping[]): void {
    this.topicsOf(mappings);
  }

  async useMappings(mappings: readonly TopicMapping[]): Promise<void> {
    const topics = this.topicsOf(mappings);
    if (!this.started || this.stopped) {
      this.sourceTopics = topics;
      return;
    }
    await new Promise<void>((resolve) => {
      this.replacement = { topics, done: resolve };
      this.wake?.();
    });
  }

  status(): SourceStatus {
    const { sourceTopics, views, reader, group, clusterFailing, storeFailing } = this;
    const ended = reader?.joined() === true ? null : this.consumerEnded;
    return sourceStatus({
      sourceTopics,
      views,
      reader,
      group,
      failing: clusterFailing ?? storeFailing ?? ended,
    });
  }

  storeLost(): void {
    for (const sourceTopic of this.sourceTopics.values())
      for (const consumer of sourceTopic.consumers) consumer.incarnations = null;
    this.wake?.();
  }

  private async run(): Promise<void> {
    const pollMs = this.dependencies.options.pollMs ?? POLL_MS;
    while (!this.stopped) {
      const began = performance.now();
      try {
        await this.replaceTopics();
        await this.tick();
      } catch (error) {
        // Nothing may end this loop; a failure is retried in a second.
        this.dependencies.log.error({ err: error }, 'source supervision failed; retrying');
      }
      const waitMs = Math.max(50, pollMs - (performance.now() - began));
      if (this.isStopped()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.wake = () => {
          clearTimeout(timer);
          // Limits the request rate when wake-ups are frequent.
          setTimeout(resolve, 50);
        };
      });
      this.wake = null;
    }
  }

  /** Other readings of topics take another consumer, which begins where the store is with each metric. */
  private async replaceTopics(): Promise<void> {
    const { replacement, sourceTopics } = this;
    if (replacement === null) return;
    const { topics, isReadAlike } = replaceTopics(sourceTopics, replacement.topics);
    if (!isReadAlike) await this.endReader();
    this.sourceTopics = topics;
    for (const topic of sourceTopics.keys()) {
      const seen = this.views.get(topic);
      const partitions = seen?.state === 'there' ? seen.ends.length : 0;
      if (!topics.has(topic)) this.dependencies.telemetry.topicRemoved(topic, partitions);
    }
    this.replacement = null;
    replacement.done();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async tick(): Promise<void> {
    const lookedMs = this.dependencies.clock();
    if (!(await this.refreshViews())) return;
    await this.identify();
    await this.fitReader();
    await this.report(lookedMs);
    if (this.reader?.joined() === true) await this.group.check(this.reader, this.sourceTopics, this.views);
    await this.watch();
  }

  private async refreshViews(): Promise<boolean> {
    const { view, options, telemetry, log } = this.dependencies;
    try {
      this.views = await view.describeTopics([...this.sourceTopics.keys(), options.deadLetterTopic]);
    } catch (error) {
      if (this.clusterFailing === null) {
        telemetry.hopFailed('kafka');
        log.warn({ reason: (error as Error).message }, 'Kafka does not answer');
        log.debug({ err: error }, 'Kafka does not answer');
      }
      this.clusterFailing = { hop: 'kafka', message: (error as Error).message };
      return false;
    }
    if (this.clusterFailing !== null) log.info({}, 'Kafka answers again');
    this.clusterFailing = null;
    if (!this.warnedDeadLetters && this.views.get(options.deadLetterTopic)?.state === 'missing') {
      this.warnedDeadLetters = true;
      log.warn(
        { topic: options.deadLetterTopic },
        'the dead-letter topic does not exist: the first record that cannot be decoded will pause its partition',
      );
    }
    return true;
  }

  /** Identifies topics to the store whose identity differs from what the brokers report. */
  private async identify(): Promise<void> {
    let identified = false;
    for (const sourceTopic of this.sourceTopics.values()) {
      const seen = this.views.get(sourceTopic.topic);
      if (seen?.state !== 'there' || sourceTopic.consumers.every((consumer) => this.agrees(consumer, seen)))
        continue;
      // The reader must end before a new identity begins, so that no record of the new incarnation is written as one of
      // the old.
      const known = sourceTopic.consumers.some(({ incarnations }) => incarnations !== null);
      if (known) await this.endReader();
      if (await this.identifyTopic(sourceTopic, known)) identified = true;
    }
    if (identified && this.reader !== null) this.reader.reposition();
  }

  private agrees({ incarnations }: MetricConsumer, seen: Extract<TopicView, { state: 'there' }>): boolean {
    return (
      incarnations !== null &&
      incarnations.topicId === seen.topicId &&
      incarnations.partitions === seen.ends.length
    );
  }

  private async identifyTopic(sourceTopic: SourceTopic, refresh: boolean): Promise<boolean> {
    const { view, store, log } = this.dependencies;
    const { topic } = sourceTopic;
    try {
      const seen = refresh ? (await view.describeTopics([topic])).get(topic) : this.views.get(topic);
      if (seen?.state !== 'there') return false;
      for (const consumer of sourceTopic.consumers) {
        const answer = await store.identifyTopic(consumer.metric, {
          topic,
          topicId: seen.topicId,
          ends: seen.ends,
        });
        if (answer === 'stale') {
          // Another bridge has seen a newer state of the topic; this bridge will see it with the next poll.
          consumer.incarnations = null;
          return false;
        }
        const before = consumer.incarnations;
        if (before?.topicId !== answer.topicId || before.partitions !== answer.partitions) {
          log.info(
            { topic, metric: consumer.metric.name, topicId: seen.topicId, partitions: answer.partitions },
            'the store identified the topic',
          );
        }
        consumer.incarnations = answer;
      }
      this.storeFailing = null;
      return true;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      if (error.hop === 'store') this.storeFailing = { hop: 'store', message: error.message };
      return false;
    }
  }

  /** Rebuilds the consumer when its topics have changed or it has crashed. */
  private async fitReader(): Promise<void> {
    const { log, telemetry } = this.dependencies;
    const readable = [...this.sourceTopics.values()].filter((sourceTopic) => {
      const seen = this.views.get(sourceTopic.topic);
      return (
        seen?.state !== 'missing' &&
        seen !== undefined &&
        sourceTopic.consumers.every((consumer) => consumer.incarnations !== null)
      );
    });
    const key = readable
      .map(
        ({ topic, consumers }) =>
          `${topic}:${consumers[0]!.incarnations!.topicId}:${consumers[0]!.incarnations!.partitions}`,
      )
      .sort()
      .join(',');
    const crash = this.reader?.crashed() ?? null;
    if (crash !== null) {
      log.warn({ reason: crash }, 'the consumer ended; rebuilding it');
      this.consumerEnded = { hop: 'kafka', message: `The consumer ended: ${crash}` };
      telemetry.hopFailed('source');
      await this.endReader();
      this.notBeforeMs = performance.now() + this.rebuild.next();
    }
    if (this.reader !== null && this.reader.positioned()) {
      this.rebuild.reset();
      this.consumerEnded = null;
    }
    if (this.reader !== null && key !== this.readerKey) {
      const identifying = [...this.sourceTopics.values()].some(
        (sourceTopic) =>
          sourceTopic.consumers.some((consumer) => consumer.incarnations === null) &&
          this.views.get(sourceTopic.topic)?.state === 'there',
      );
      // A topic that is being identified again does not rebuild the reader; only its partitions wait.
      if (identifying) return;
      await this.endReader();
    }
    if (this.reader !== null || readable.length === 0 || performance.now() < this.notBeforeMs || this.stopped)
      return;
    this.readerKey = key;
    const reader = createGroupReader(readable, {
      ...this.dependencies,
      client: this.dependencies.makeClient(),
      identityLost: (sourceTopic, reason) => {
        if (reason === 'store_lost') this.storeLost();
        else for (const consumer of sourceTopic.consumers) consumer.incarnations = null;
        this.wake?.();
      },
    });
    this.reader = reader;
    // A failure is visible by crashed() at the next tick.
    reader.start().catch((error: unknown) => log.debug({ err: error }, 'the consumer did not start'));
  }

  private async endReader(): Promise<void> {
    const { reader } = this;
    this.reader = null;
    this.readerKey = '';
    this.standing.clear();
    if (reader !== null) await reader.stop();
  }

  /**
   * Reports the positions of this bridge's partitions to the store and the gauges. When the store lacks earlier
   * records, which an idle partition might not reveal for hours, reading restarts at the stored positions.
   */
  private async report(lookedMs: number): Promise<void> {
    const { reader } = this;
    if (reader === null || !reader.positioned()) return;
    const { store, telemetry, log } = this.dependencies;
    for (const sourceTopic of this.sourceTopics.values()) {
      const seen = this.views.get(sourceTopic.topic);
      if (seen?.state !== 'there') continue;
      for (const { topic, partition, next } of this.group.unread) {
        if (topic !== sourceTopic.topic) continue;
        telemetry.partitionLag(topic, partition, Math.max(0, (seen.ends[partition] ?? 0) - next));
      }
      const reports = seen.ends.flatMap((end, partition) => {
        const processor = reader.processors.get(partitionKey(sourceTopic.topic, partition));
        if (processor === undefined) return [];
        telemetry.partitionLag(sourceTopic.topic, partition, Math.max(0, end - processor.next));
        const atEnd = processor.pausedBy === null && processor.next >= end;
        return [{ partition, position: processor.next, atEnd, nowMs: lookedMs }];
      });
      if (reports.length === 0) continue;
      for (const { metric, incarnations } of sourceTopic.consumers) {
        if (incarnations === null || incarnations.topicId !== seen.topicId) continue;
        try {
          const gaps = await store.reportPartitions(metric, incarnations.topicId, reports);
          this.storeFailing = null;
          if (gaps.length > 0) {
            log.warn(
              { metric: metric.name, gaps },
              'the store lost acknowledged records; reading them again',
            );
            reader.reposition();
            return;
          }
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error;
          this.storeFailing = { hop: 'store', message: error.message };
          log.debug({ err: error }, 'positions could not be reported to the store');
          return;
        }
      }
    }
  }

  /**
   * Detects a stalled consumer and rebuilds it. kafkajs is known to stop silently: no fetches, constant lag, or no
   * heartbeats, which it schedules by the wall clock, so that a clock set back by an hour stops them for an hour.
   */
  private async watch(): Promise<void> {
    const { reader } = this;
    if (reader === null) return;
    const { options, log, view } = this.dependencies;
    const stallMs = options.stallMs ?? STALL_MS;
    const now = performance.now();
    let why: string | null = null;
    if (reader.joined() && now - reader.lastHeartbeatMs() > HEARTBEAT_LOST_MS) {
      why = `it has sent no heartbeat for ${HEARTBEAT_LOST_MS} ms`;
    }
    if (now - reader.lastSignMs() > stallMs) why = `it has not fetched for ${stallMs} ms`;
    for (const [key, processor] of reader.processors) {
      const seen = this.views.get(processor.sourceTopic.topic);
      const end = seen?.state === 'there' ? (seen.ends[processor.partition] ?? 0) : 0;
      const before = this.standing.get(key);
      const free = processor.pausedBy === null && !processor.busy;
      if (!free || processor.next >= end || before?.next !== processor.next) {
        this.standing.set(key, { next: processor.next, sinceMs: now });
      } else if (now - before.sinceMs > stallMs) {
        // Nothing can be read past an open transaction.
        const stable = await view
          .stableEnd(processor.sourceTopic.topic, processor.partition)
          .catch(() => processor.next);
        if (stable > processor.next) why = `${key} does not advance from ${processor.next} despite lag`;
        this.standing.set(key, { next: processor.next, sinceMs: now });
      }
    }
    if (why === null) return;
    log.warn({ reason: why }, 'the consumer has stalled; rebuilding it');
    await this.endReader();
    this.notBeforeMs = performance.now() + this.stalls.next();
  }
}
