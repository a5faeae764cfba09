import type { TopicView } from './cluster/cluster-view';
import type { Hop } from '../domain/errors';
import type { PartitionStatus, SourceStatus, TopicStatus } from '../domain/source';
import { partitionKey, type GroupReader } from './reading/group-reader';
import type { UnreadPartition } from './reading/group-watch';
import type { PartitionProcessor } from './reading/partition-processor';
import type { SourceTopic } from './reading/source-topic';

export interface Failing {
  readonly hop: Hop;
  readonly message: string;
}

export interface SourceState {
  readonly sourceTopics: ReadonlyMap<string, SourceTopic>;
  readonly views: ReadonlyMap<string, TopicView>;
  readonly reader: GroupReader | null;
  readonly group: {
    readonly pending: boolean;
    readonly failing: string | null;
    readonly unread: readonly UnreadPartition[];
  };
  readonly failing: Failing | null;
}

const GROUP_PENDING = 'The readers of the other partitions in the consumer group are being looked up';

function partitionStatuses(
  topic: string,
  seen: TopicView | undefined,
  { reader, group }: SourceState,
): PartitionStatus[] {
  if (seen?.state !== 'there') return [];
  return seen.ends.map((end, partition) => {
    const processor = reader?.processors.get(partitionKey(topic, partition));
    const unread = group.unread.find((each) => each.topic === topic && each.partition === partition);
    const position = processor?.next ?? unread?.next ?? null;
    return {
      partition,
      owned: processor !== undefined,
      unread: processor === undefined && unread !== undefined,
      position,
      end,
      lag: position === null ? null : Math.max(0, end - position),
    };
  });
}

function stateOf(
  sourceTopic: SourceTopic,
  seen: TopicView | undefined,
  { reader, group }: SourceState,
  paused: PartitionProcessor | undefined,
): Pick<TopicStatus, 'state' | 'reason'> {
  if (seen === undefined) return { state: 'waiting', reason: 'the topic has not been described yet' };
  if (seen.state === 'missing')
    return { state: 'missing', reason: `topic ${sourceTopic.topic} does not exist` };
  if (paused !== undefined) return { state: 'paused', reason: paused.pausedBy?.message ?? null };
  if (seen.state === 'unready') return { state: 'waiting', reason: seen.reason };
  if (sourceTopic.consumers.some(({ incarnations }) => incarnations === null)) {
    return { state: 'waiting', reason: 'the store has not identified the topic yet' };
  }
  if (reader === null || !reader.joined())
    return { state: 'waiting', reason: 'the consumer is joining its group' };
  if (!reader.positioned())
    return { state: 'waiting', reason: 'determining the start offsets of the assigned partitions' };
  if (group.unread.some(({ topic }) => topic === sourceTopic.topic)) {
    return {
      state: 'waiting',
      reason: group.failing ?? 'no bridge of the group reads some of its partitions',
    };
  }
  return { state: 'reading', reason: null };
}

/** The source's state for /status and /readyz. */
export function sourceStatus(source: SourceState): SourceStatus {
  const { sourceTopics, views, reader, group, failing } = source;
  const processors = reader === null ? [] : [...reader.processors.values()];
  const topics: TopicStatus[] = [];
  for (const sourceTopic of sourceTopics.values()) {
    const seen = views.get(sourceTopic.topic);
    const paused = processors.find(
      (processor) => processor.sourceTopic === sourceTopic && processor.pausedBy !== null,
    );
    const state = stateOf(sourceTopic, seen, source, paused);
    const partitions = partitionStatuses(sourceTopic.topic, seen, source);
    for (const { metric } of sourceTopic.consumers) {
      const { topic, lastRecordMs, records, deadLetters } = sourceTopic;
      topics.push({
        topic,
        metric: metric.name,
        ...state,
        partitions,
        lastRecordMs,
        records,
        deadLetters: deadLetters.total,
        deadLettersByReason: deadLetters.byReason,
        lastDeadLetter: deadLetters.last,
      });
    }
  }
  const pausedBy = processors.find((processor) => processor.pausedBy !== null)?.pausedBy ?? null;
  const joined = reader?.joined() ?? false;
  const allMissing = topics.length > 0 && topics.every(({ state }) => state === 'missing');
  const missing: Failing | null = allMissing
    ? { hop: 'source', message: `none of the mapped topics exists: ${[...sourceTopics.keys()].join(', ')}` }
    : null;
  const shared: Failing | null =
    joined && group.failing !== null ? { hop: 'kafka', message: group.failing } : null;
  return {
    ready: joined && !group.pending,
    ...(joined && group.pending && { pending: GROUP_PENDING }),
    failing: failing ?? pausedBy ?? missing ?? shared,
    topics,
  };
}
