import type { TopicView } from './cluster/cluster-view';
import type { Hop } from '../domain/errors';
import type { PartitionStatus, SourceStatus, TopicStatus } from '../domain/source';
import { flowKey, type GroupReader } from './reading/group-reader';
import type { UnreadPartition } from './reading/group-watch';
import type { PartitionFlow } from './reading/partition-flow';
import type { TopicFeed } from './reading/topic-feed';

export interface Failing {
  readonly hop: Hop;
  readonly message: string;
}

export interface SourceState {
  readonly feeds: ReadonlyMap<string, TopicFeed>;
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
    const flow = reader?.flows.get(flowKey(topic, partition));
    const unread = group.unread.find((each) => each.topic === topic && each.partition === partition);
    const position = flow?.next ?? unread?.next ?? null;
    return {
      partition,
      owned: flow !== undefined,
      unread: flow === undefined && unread !== undefined,
      position,
      end,
      lag: position === null ? null : Math.max(0, end - position),
    };
  });
}

function stateOf(
  feed: TopicFeed,
  seen: TopicView | undefined,
  { reader, group }: SourceState,
  held: PartitionFlow | undefined,
): Pick<TopicStatus, 'state' | 'reason'> {
  if (seen === undefined) return { state: 'waiting', reason: 'the brokers have not been asked yet' };
  if (seen.state === 'missing') return { state: 'missing', reason: `topic ${feed.topic} does not exist` };
  if (held !== undefined) return { state: 'paused', reason: held.hold?.message ?? null };
  if (seen.state === 'unready') return { state: 'waiting', reason: seen.reason };
  if (feed.lanes.some(({ incarnations }) => incarnations === null)) {
    return { state: 'waiting', reason: 'the store has not been told of the topic yet' };
  }
  if (reader === null || !reader.joined())
    return { state: 'waiting', reason: 'the consumer is joining its group' };
  if (!reader.positioned())
    return { state: 'waiting', reason: 'where the assigned partitions begin is being worked out' };
  if (group.unread.some(({ topic }) => topic === feed.topic)) {
    return {
      state: 'waiting',
      reason: group.failing ?? 'no bridge of the group reads some of its partitions',
    };
  }
  return { state: 'reading', reason: null };
}

/** What /status and /readyz say of the source. */
export function sourceStatus(source: SourceState): SourceStatus {
  const { feeds, views, reader, group, failing } = source;
  const flows = reader === null ? [] : [...reader.flows.values()];
  const topics: TopicStatus[] = [];
  for (const feed of feeds.values()) {
    const seen = views.get(feed.topic);
    const held = flows.find((flow) => flow.feed === feed && flow.hold !== null);
    const state = stateOf(feed, seen, source, held);
    const partitions = partitionStatuses(feed.topic, seen, source);
    for (const { metric } of feed.lanes) {
      const { topic, lastRecordMs, records, deadLetters } = feed;
      topics.push({ topic, metric: metric.name, ...state, partitions, lastRecordMs, records, deadLetters });
    }
  }
  const hold = flows.find((flow) => flow.hold !== null)?.hold ?? null;
  const joined = reader?.joined() ?? false;
  const allMissing = topics.length > 0 && topics.every(({ state }) => state === 'missing');
  const missing: Failing | null = allMissing
    ? { hop: 'source', message: `none of the mapped topics exists: ${[...feeds.keys()].join(', ')}` }
    : null;
  const shared: Failing | null =
    joined && group.failing !== null ? { hop: 'kafka', message: group.failing } : null;
  return {
    ready: joined && !group.pending,
    ...(joined && group.pending && { pending: GROUP_PENDING }),
    failing: failing ?? hold ?? missing ?? shared,
    topics,
  };
}
