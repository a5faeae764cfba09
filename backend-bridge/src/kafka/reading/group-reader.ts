import type { Consumer, EachBatchPayload, InstrumentationEvent, Kafka } from 'kafkajs';
import { within } from '../../domain/deadline';
import { Backoff } from '../../domain/backoff';
import type { ClusterView } from '../cluster/cluster-view';
import { connectionRefusal, type BrokerOptions } from '../login/connection-refusal';
import type { KafkaSourceOptions } from '../options';
import { roundRobinOf } from './group-members';
import { GrowthWatch } from './growth-watch';
import { PartitionProcessor, type PartitionProcessorDependencies } from './partition-processor';
import { startPoints } from './start-offsets';
import type { SourceTopic } from './source-topic';

/** One consumer in the group, from its join to its crash or stop. */
export interface GroupReader {
  readonly processors: ReadonlyMap<string, PartitionProcessor>;
  /** True after the first join. */
  joined(): boolean;
  /** Whether the group has assigned the partition to this bridge. */
  owns(topic: string, partition: number): boolean;
  /** True when the start offset of every assigned partition is known. */
  positioned(): boolean;
  /** Why the consumer crashed; null while it runs. */
  crashed(): string | null;
  /** Time of the last fetch or batch, by `performance.now()`. */
  lastSignMs(): number;
  /** Time of the last join or successful heartbeat, by `performance.now()`. */
  lastHeartbeatMs(): number;
  start(): Promise<void>;
  /** Determines all start offsets again, e.g. after the store was lost. */
  reposition(): void;
  /** Finishes batches in progress, commits, and leaves the group. */
  stop(): Promise<void>;
}

export interface GroupReaderDependencies extends Omit<PartitionProcessorDependencies, 'growth'> {
  readonly client: Kafka;
  readonly view: ClusterView;
  readonly options: KafkaSourceOptions;
  /** Identifies this bridge in the group. */
  readonly bridgeId: string;
  readonly identityLost: (sourceTopic: SourceTopic, reason: 'store_lost' | 'stale_topic') => void;
}

const COMMIT_MS = 1_000;
const MAX_WAIT_MS = 250;
const STOP_MS = 3_000;
const CONCURRENT_PARTITIONS = 6;

export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Why the consumer ended, as a sentence with the remedy if there is one. */
function endReason(error: unknown, options: BrokerOptions & { readonly groupId: string }): string {
  const { groupId } = options;
  for (let each = error as (Error & { type?: unknown }) | undefined; each; each = each.cause as Error) {
    if (each.type === 'INCONSISTENT_GROUP_PROTOCOL') {
      return `another program is a member of the consumer group ${groupId}; give the bridges a group of their own (KAFKA_GROUP_ID)`;
    }
  }
  return connectionRefusal(error, options);
}

export function createGroupReader(
  sourceTopics: readonly SourceTopic[],
  dependencies: GroupReaderDependencies,
): GroupReader {
  const { client, view, options, store, log } = dependencies;
  const byTopic = new Map(sourceTopics.map((sourceTopic) => [sourceTopic.topic, sourceTopic]));
  const processors = new Map<string, PartitionProcessor>();
  const committed = new Map<string, number>();
  const growth = new GrowthWatch(view);
  let assignment: { readonly sourceTopic: SourceTopic; readonly partitions: readonly number[] }[] = [];
  let generation = 0;
  let joined = false;
  let positioned = false;
  let crashed: string | null = null;
  let ended = false;
  let lastSign = performance.now();
  let lastHeartbeat = performance.now();
  let starting: Promise<void> = Promise.resolve();
  let committing: Promise<void> | null = null;
  let commitTimer: NodeJS.Timeout | null = null;
  let repositionTimer: NodeJS.Timeout | null = null;

  const consumer: Consumer = client.consumer({
    groupId: options.groupId,
    partitionAssigners: [roundRobinOf(dependencies.bridgeId)],
    allowAutoTopicCreation: false,
    readUncommitted: false,
    sessionTimeout: options.sessionTimeoutMs ?? 8_000,
    heartbeatInterval: 1_000,
    rebalanceTimeout: 15_000,
    maxWaitTimeInMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
    maxBytes: options.maxBytes ?? 8_388_608,
  });

  const endProcessors = (): void => {
    for (const processor of processors.values()) processor.end();
    processors.clear();
    committed.clear();
  };

  const control = (topic: string, partition: number, sourceTopic: SourceTopic, born: number) => {
    const living = (act: () => void): void => {
      if (!ended && crashed === null && born === generation) act();
    };
    const place = [{ topic, partitions: [partition] }];
    return {
      pause: () => living(() => consumer.pause(place)),
      resume: () => living(() => consumer.resume(place)),
      seek: (offset: number) => living(() => consumer.seek({ topic, partition, offset: String(offset) })),
      identityLost: (reason: 'store_lost' | 'stale_topic') =>
        living(() => dependencies.identityLost(sourceTopic, reason)),
    };
  };

  /** Determines the start offsets of the assigned partitions, which stay paused until then. */
  const position = async (own: number, backoff: Backoff): Promise<void> => {
    try {
      const points = await startPoints(assignment, options.groupId, view, store, log);
      if (own !== generation || ended) return;
      for (const { sourceTopic, partition, offset, committed: before, needed } of points) {
        const { topic } = sourceTopic;
        const processor = new PartitionProcessor(
          sourceTopic,
          partition,
          offset,
          Math.max(before, needed),
          before,
          control(topic, partition, sourceTopic, own),
          { ...dependencies, growth },
        );
        processors.set(partitionKey(topic, partition), processor);
        committed.set(partitionKey(topic, partition), before);
        consumer.seek({ topic, partition, offset: String(offset) });
      }
      positioned = true;
      consumer.resume(
        assignment.map(({ sourceTopic, partitions }) => ({
          topic: sourceTopic.topic,
          partitions: [...partitions],
        })),
      );
    } catch (error) {
      if (own !== generation || ended) return;
      log.debug({ err: error }, 'the start offsets of the assigned partitions are not known yet');
      repositionTimer = setTimeout(() => void position(own, backoff), backoff.next());
    }
  };

  const reposition = (): void => {
    if (ended || crashed !== null || !joined) return;
    generation += 1;
    positioned = false;
    if (repositionTimer !== null) clearTimeout(repositionTimer);
    endProcessors();
    if (assignment.length > 0) {
      consumer.pause(
        assignment.map(({ sourceTopic, partitions }) => ({
          topic: sourceTopic.topic,
          partitions: [...partitions],
        })),
      );
    }
    void position(generation, new Backoff(200, 2_000));
  };

  const commit = async (): Promise<void> => {
    const moved = [...processors.values()].filter(
      ({ sourceTopic, partition, next }) =>
        committed.get(partitionKey(sourceTopic.topic, partition)) !== next,
    );
    if (moved.length === 0) return;
    const own = generation;
    const places = moved.map(({ sourceTopic, partition, next }) => ({
      topic: sourceTopic.topic,
      partition,
      next,
    }));
    await consumer.commitOffsets(
      places.map(({ topic, partition, next }) => ({ topic, partition, offset: String(next) })),
    );
    if (own !== generation) return;
    for (const { topic, partition, next } of places) committed.set(partitionKey(topic, partition), next);
  };

  /**
   * Commits, one call at a time. A commit lost in a rebalance does no harm: the next owner reads the store's position.
   */
  const commitQuietly = (): Promise<void> => {
    committing ??= commit()
      .catch((error: unknown) => log.debug({ err: error }, 'offsets were not committed'))
      .finally(() => {
        committing = null;
      });
    return committing;
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    const { topic, partition } = batch;
    const processor = processors.get(partitionKey(topic, partition));
    lastSign = performance.now();
    if (processor === undefined || ended) return;
    // The fetch offset of the request; set by kafkajs, missing from its types.
    const fetched = Number((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);
    if (fetched !== processor.next) {
      // After OFFSET_OUT_OF_RANGE kafkajs seeks to the log start. Anything else is a stale response.
      const seen = (await view.describeTopics([topic]).catch(() => null))?.get(topic);
      const logStart = seen?.state === 'there' ? seen.starts[partition] : undefined;
      if (logStart === undefined || logStart <= processor.next || fetched < processor.next) {
        consumer.seek({ topic, partition, offset: String(processor.next) });
        return;
      }
      log.warn(
        { topic, partition, from: processor.next, to: fetched - 1 },
        'unread records were deleted from the log',
      );
    }
    await processor.take({
      messages: batch.messages,
      lastOffset: Number(batch.lastOffset()),
      active: () => payload.isRunning() && !payload.isStale(),
      done: (offset) => {
        if (processors.get(partitionKey(topic, partition)) === processor)
          payload.resolveOffset(String(offset));
      },
      heartbeat: async () => {
        lastSign = performance.now();
        try {
          await payload.heartbeat();
        } catch (error) {
          await commitQuietly();
          throw error;
        }
      },
    });
  };

  const onJoin = (event: InstrumentationEvent<{ memberAssignment: Record<string, number[]> }>): void => {
    assignment = Object.entries(event.payload.memberAssignment).flatMap(([topic, partitions]) => {
      const sourceTopic = byTopic.get(topic);
      return sourceTopic === undefined || partitions.length === 0 ? [] : [{ sourceTopic, partitions }];
    });
    joined = true;
    lastSign = performance.now();
    lastHeartbeat = performance.now();
    log.info(
      {
        assigned: Object.fromEntries(
          assignment.map(({ sourceTopic, partitions }) => [sourceTopic.topic, partitions.length]),
        ),
      },
      'joined the consumer group',
    );
    reposition();
  };

  const isEnded = (): boolean => ended;
  const begin = async (): Promise<void> => {
    try {
      await consumer.connect();
      if (isEnded()) return;
      await consumer.subscribe({ topics: [...byTopic.keys()], fromBeginning: true });
      if (isEnded()) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        eachBatch,
      });
      commitTimer = setInterval(() => void commitQuietly(), COMMIT_MS);
      if (isEnded()) clearInterval(commitTimer);
    } catch (error) {
      crashed = endReason(error, options);
      throw error;
    }
  };

  return {
    processors,
    joined: () => joined && crashed === null,
    owns: (topic, partition) =>
      assignment.some(
        ({ sourceTopic, partitions }) => sourceTopic.topic === topic && partitions.includes(partition),
      ),
    positioned: () => positioned,
    crashed: () => crashed,
    lastSignMs: () => lastSign,
    lastHeartbeatMs: () => lastHeartbeat,
    reposition,
    start: async () => {
      const { GROUP_JOIN, FETCH_START, HEARTBEAT, CRASH, END_BATCH_PROCESS } = consumer.events;
      consumer.on(GROUP_JOIN, onJoin);
      consumer.on(FETCH_START, () => {
        lastSign = performance.now();
      });
      consumer.on(HEARTBEAT, () => {
        lastHeartbeat = performance.now();
      });
      consumer.on(CRASH, ({ payload }) => {
        crashed = endReason(payload.error, options);
        endProcessors();
      });
      consumer.on(END_BATCH_PROCESS, ({ payload }) => {
        // Only control or aborted records: kafkajs skips them without calling eachBatch.
        if (payload.batchSize !== 0) return;
        const processor = processors.get(partitionKey(payload.topic, payload.partition));
        const last = Number(payload.lastOffset);
        if (processor !== undefined && last >= processor.next) void processor.coverEmpty(last);
      });
      starting = begin();
      await starting;
    },
    stop: async () => {
      if (commitTimer !== null) clearInterval(commitTimer);
      if (repositionTimer !== null) clearTimeout(repositionTimer);
      if (crashed === null) {
        const paused = assignment.map(({ sourceTopic, partitions }) => ({
          topic: sourceTopic.topic,
          partitions: [...partitions],
        }));
        if (joined) consumer.pause(paused);
        const idle = async (): Promise<void> => {
          while ([...processors.values()].some(({ busy }) => busy)) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        };
        await within(idle(), STOP_MS / 2);
        if (joined) await within(commitQuietly(), STOP_MS / 2);
      }
      ended = true;
      endProcessors();
      // A consumer that is stopped while joining stays in the group as a ghost, so wait for the join first, however
      // long it takes.
      const gone = starting.catch(() => undefined).then(() => consumer.disconnect());
      await within(gone, STOP_MS).catch(() => undefined);
    },
  };
}
