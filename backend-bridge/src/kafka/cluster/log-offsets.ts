import type { TopicMetadata } from './metadata-exchange';

const EARLIEST = -2;
const LATEST = -1;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

export interface OffsetsAnswer {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}

/** What kafkajs's broker can do, and its types omit. Rejects when one of the partitions has an error. */
export interface OffsetsNode {
  listOffsets(request: {
    readonly replicaId: number;
    readonly isolationLevel: 0 | 1;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<OffsetsAnswer>;
}

/** Offsets by partition number; a partition that the broker left out is missing. */
export interface LogOffsets {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

type Topics = readonly Pick<TopicMetadata, 'topic' | 'partitions'>[];

/**
 * Start and end of the logs of topics whose partitions all have a leader: one request to each leader for the starts, and
 * one for the ends. A topic that makes a request fail has its error, and the others their offsets.
 */
export async function logOffsets(
  nodeOf: (nodeId: number) => Promise<OffsetsNode>,
  topics: Topics,
): Promise<ReadonlyMap<string, LogOffsets | Error>> {
  if (topics.length === 0) return new Map();
  try {
    const [ends, starts] = await Promise.all([
      offsetsAt(nodeOf, topics, LATEST),
      offsetsAt(nodeOf, topics, EARLIEST),
    ]);
    return new Map(
      topics.map(({ topic }) => [topic, { ends: ends.get(topic) ?? [], starts: starts.get(topic) ?? [] }]),
    );
  } catch (error) {
    if (topics.length === 1) return new Map([[topics[0]!.topic, error as Error]]);
    // One that is being deleted, or has a new leader, must not hide the others.
    const alone = await Promise.all(topics.map((topic) => logOffsets(nodeOf, [topic])));
    return new Map(alone.flatMap((found) => [...found]));
  }
}

/** Where read_committed ends in one partition, undefined when the broker left it out. */
export async function stableEnd(
  node: OffsetsNode,
  topic: string,
  partition: number,
): Promise<number | undefined> {
  const answer = await node.listOffsets({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp: LATEST }] }],
  });
  const offset = answer.responses[0]?.partitions[0]?.offset;
  return offset === undefined ? undefined : Number(offset);
}

async function offsetsAt(
  nodeOf: (nodeId: number) => Promise<OffsetsNode>,
  topics: Topics,
  timestamp: number,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  await Promise.all(
    [...byLeader(topics)].map(async ([leader, partitionsByTopic]) => {
      const node = await nodeOf(leader);
      const answer = await node.listOffsets({
        replicaId: -1,
        isolationLevel: READ_UNCOMMITTED,
        topics: [...partitionsByTopic].map(([topic, partitions]) => ({
          topic,
          partitions: partitions.map((partition) => ({ partition, timestamp })),
        })),
      });
      for (const { topic, partitions } of answer.responses) {
        const offsets = found.get(topic) ?? [];
        for (const { partition, offset } of partitions) offsets[partition] = Number(offset);
        found.set(topic, offsets);
      }
    }),
  );
  return found;
}

/** Leader to topic to partitions. */
function byLeader(topics: Topics): Map<number, Map<string, number[]>> {
  const leaders = new Map<number, Map<string, number[]>>();
  for (const { topic, partitions } of topics) {
    for (const { partition, leader } of partitions) {
      const ofLeader = leaders.get(leader) ?? new Map<string, number[]>();
      leaders.set(leader, ofLeader);
      ofLeader.set(topic, [...(ofLeader.get(topic) ?? []), partition]);
    }
  }
  return leaders;
}
