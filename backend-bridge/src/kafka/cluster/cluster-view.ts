import type { Cluster, Kafka } from 'kafkajs';
import Batch from 'kafkajs/src/consumer/batch';
import { within, withDeadline } from '../../domain/deadline';
import { UnavailableError } from '../../domain/errors';
import type { FetchedMessage } from '../fetch/record-batch';
import { connectionRefusal, type BrokerOptions } from '../login/connection-refusal';
import { logOffsets, stableEnd, type LogOffsets, type OffsetsAnswer, type OffsetsNode } from './log-offsets';
import { describeMember, type GroupMemberView } from '../reading/group-members';
import {
  decodeMetadataResponse,
  encodeMetadataRequest,
  METADATA_API_KEY,
  METADATA_VERSION,
  type TopicMetadata,
} from './metadata-exchange';

/** The current state of a topic, as the brokers describe it. */
export type TopicView =
  | {
      readonly state: 'there';
      readonly topicId: string;
      /** Log end (next offset) and log start by partition number. */
      readonly ends: readonly number[];
      readonly starts: readonly number[];
    }
  | { readonly state: 'missing' }
  /** Exists, but cannot be read now; the reason is a sentence. */
  | { readonly state: 'unready'; readonly reason: string };

export interface ClusterView {
  /** Rejects with UnavailableError when no broker answers in time. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /** Committed offset of the group by partition; -1: none. Rejects with UnavailableError. */
  committed(
    groupId: string,
    topics: ReadonlyMap<string, readonly number[]>,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>;
  /** The group's members with their assignments; null while it rebalances. Rejects with UnavailableError. */
  members(groupId: string): Promise<readonly GroupMemberView[] | null>;
  /** The last stable offset, where read_committed ends. Rejects with UnavailableError. */
  stableEnd(topic: string, partition: number): Promise<number>;
  /**
   * Committed records from an offset on, about as many bytes as asked for; `next`: the offset after all that was read,
   * records of aborted transactions and markers included. Rejects with UnavailableError.
   */
  read(
    topic: string,
    partition: number,
    fromOffset: number,
    maxBytes: number,
  ): Promise<{ readonly messages: readonly FetchedMessage[]; readonly next: number }>;
  close(): Promise<void>;
}

/** Methods of kafkajs's broker that its types omit. */
interface Node extends OffsetsNode {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: { send(exchange: object): Promise<unknown> };
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly state: string;
      readonly members: readonly Parameters<typeof describeMember>[0][];
    }[];
  }>;
  fetch(request: {
    readonly replicaId: number;
    readonly isolationLevel: 0 | 1;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[];
    }[];
  }>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<OffsetsAnswer>;
}

const READ_COMMITTED = 1;
/** How long a broker waits for records that are not there. */
const READ_WAIT_MS = 500;
const DEADLINE_MS = 4_000;
const CLOSE_MS = 1_000;
const UNKNOWN_TOPIC = 3;
const UNAUTHORIZED = 29;

/** A cluster connection separate from the consumer's, for topic ids, log ends and committed offsets. */
export function createClusterView(client: Kafka, brokerOptions: BrokerOptions): ClusterView {
  const handed: Cluster[] = [];
  // kafkajs passes its cluster to partition assigners when a consumer is created; this consumer never runs.
  client.consumer({
    groupId: 'streamkpi-never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        handed.push(cluster);
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  const cluster = handed[0];
  if (cluster === undefined) throw new Error('kafkajs no longer passes its cluster to a partition assigner');
  let connected = false;

  const nodeOf = async (nodeId: number): Promise<Node> => {
    return (await cluster.findBroker({ nodeId: String(nodeId) })) as unknown as Node;
  };

  const anyNode = async (): Promise<Node> => {
    if (!connected || !cluster.isConnected()) {
      await cluster.connect();
      await cluster.refreshMetadata();
      connected = true;
    }
    let last: unknown = new Error('the cluster metadata lists no broker');
    for (const nodeId of cluster.getNodeIds()) {
      try {
        return await nodeOf(nodeId);
      } catch (error) {
        last = error;
      }
    }
    connected = false;
    throw last;
  };

  /** Rejects with UnavailableError however kafkajs failed, or when it hangs. */
  const answered = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await withDeadline(work, DEADLINE_MS, () => new Error(`no answer within ${DEADLINE_MS} ms`));
    } catch (error) {
      const reason = connectionRefusal(error, brokerOptions);
      throw new UnavailableError('kafka', `Kafka does not answer (${what}): ${reason}`, { cause: error });
    }
  };

  const metadata = async (topics: readonly string[]): Promise<readonly TopicMetadata[]> => {
    const node = await anyNode();
    if ((node.versions[METADATA_API_KEY]?.maxVersion ?? 0) < METADATA_VERSION) {
      throw new Error('the brokers are older than Kafka 2.8, which gave topics an id; use a newer one');
    }
    const body = encodeMetadataRequest(topics);
    const answer = await node.connectionPool.send({
      request: {
        apiKey: METADATA_API_KEY,
        apiVersion: METADATA_VERSION,
        apiName: 'Metadata',
        encode: () => Promise.resolve({ buf: body, buffer: body }),
      },
      response: {
        decode: (bytes: Buffer) => Promise.resolve(decodeMetadataResponse(bytes)),
        parse: (decoded: unknown) => Promise.resolve(decoded),
      },
    });
    return answer as readonly TopicMetadata[];
  };

  const leaderOf = async (topic: string, partition: number): Promise<number> => {
    const [found] = await metadata([topic]);
    const leader = found?.partitions.find((each) => each.partition === partition)?.leader;
    if (leader === undefined || leader === -1) throw new Error(`${topic}/${partition} has no leader`);
    return leader;
  };

  return {
    describeTopics: (topics) =>
      answered(
        'metadata',
        metadata(topics).then(async (found) => {
          const readable = found.filter((topic) => unreadable(topic) === null);
          const offsets = await logOffsets(nodeOf, readable);
          return new Map(
            found.map((topic) => [
              topic.topic,
              unreadable(topic) ?? viewOf(topic, offsets.get(topic.topic)!),
            ]),
          );
        }),
      ),
    committed: (groupId, topics) =>
      answered(
        'committed offsets',
        (async () => {
          await anyNode();
          const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Node;
          const asked = [...topics].map(([topic, partitions]) => ({
            topic,
            partitions: partitions.map((partition) => ({ partition })),
          }));
          const answer = await coordinator.offsetFetch({ groupId, topics: asked });
          return new Map(
            answer.responses.map(({ topic, partitions }) => [
              topic,
              new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)])),
            ]),
          );
        })(),
      ),
    members: (groupId) =>
      answered(
        'group',
        (async () => {
          await anyNode();
          const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Node;
          const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
          const group = groups[0];
          return group?.state === 'Stable' ? group.members.map(describeMember) : null;
        })(),
      ),
    stableEnd: (topic, partition) =>
      answered(
        'stable end',
        leaderOf(topic, partition).then(async (leader) => {
          const end = await stableEnd(await nodeOf(leader), topic, partition);
          return end ?? Number.POSITIVE_INFINITY;
        }),
      ),
    read: (topic, partition, fromOffset, maxBytes) =>
      answered(
        'records',
        (async () => {
          const node = await nodeOf(await leaderOf(topic, partition));
          const asked = [{ partition, fetchOffset: String(fromOffset), maxBytes }];
          const answer = await node.fetch({
            replicaId: -1,
            isolationLevel: READ_COMMITTED,
            maxWaitTime: READ_WAIT_MS,
            minBytes: 1,
            maxBytes,
            topics: [{ topic, partitions: asked }],
          });
          const read = answer.responses[0]!.partitions[0]!;
          const last = read.messages.at(-1);
          return {
            messages: new Batch(topic, String(fromOffset), read).messages,
            next: last === undefined ? fromOffset : Number(last.offset) + 1,
          };
        })(),
      ),
    close: async () => {
      await within(cluster.disconnect(), CLOSE_MS).catch(() => undefined);
    },
  };
}

/** The view of a topic whose offsets cannot be asked for; null: they can. */
function unreadable({ topic, errorCode, partitions }: TopicMetadata): TopicView | null {
  if (errorCode === UNKNOWN_TOPIC) return { state: 'missing' };
  if (errorCode === UNAUTHORIZED) {
    return {
      state: 'unready',
      reason: `the brokers do not let this user read topic ${topic}; allow Describe and Read`,
    };
  }
  const isLed = partitions.length > 0 && partitions.every(({ leader }) => leader !== -1);
  return errorCode === 0 && isLed
    ? null
    : { state: 'unready', reason: `topic ${topic} has partitions without a leader now` };
}

function viewOf({ topic, topicId, partitions }: TopicMetadata, offsets: LogOffsets | Error): TopicView {
  // A leader may move or the topic be deleted between the two requests; the next poll sees it.
  if (offsets instanceof Error) return { state: 'unready', reason: `topic ${topic}: ${offsets.message}` };
  const { ends, starts } = offsets;
  const complete = partitions.every(
    ({ partition }) => ends[partition] !== undefined && starts[partition] !== undefined,
  );
  return complete
    ? { state: 'there', topicId, ends, starts }
    : { state: 'unready', reason: `the brokers did not return the end of topic ${topic}` };
}
