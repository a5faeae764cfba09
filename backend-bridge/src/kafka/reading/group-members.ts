import { AssignerProtocol, type Assigner, type GroupMember, type PartitionAssigner } from 'kafkajs';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** One member of a consumer group, as its coordinator describes it. */
export interface GroupMemberView {
  readonly clientId: string;
  readonly host: string;
  /** Id of the bridge; null: another program, or a bridge of an older release. */
  readonly bridgeId: string | null;
  readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** Stable across releases: members of one group must have an assigner in common. */
const ASSIGNER_NAME = 'RoundRobinAssigner';
const VERSION = 0;

function userData(bridgeId: string): Buffer {
  return Buffer.from(JSON.stringify({ streamkpi: 1, bridge: bridgeId }));
}

function bridgeIdIn(data: Buffer | null | undefined): string | null {
  if (data === null || data === undefined || data.length === 0) return null;
  try {
    const { streamkpi, bridge } = JSON.parse(data.toString('utf8')) as Record<string, unknown>;
    return typeof streamkpi === 'number' && typeof bridge === 'string' ? bridge : null;
  } catch {
    return null;
  }
}

/** A member's subscription and bridge id. Other programs may send arbitrary bytes. */
function readMetadata(bytes: Buffer): { topics: readonly string[]; bridgeId: string | null } {
  try {
    const decoded = MemberMetadata.decode(bytes);
    return { topics: decoded?.topics ?? [], bridgeId: bridgeIdIn(decoded?.userData) };
  } catch {
    return { topics: [], bridgeId: null };
  }
}

export function describeMember(member: {
  readonly clientId: string;
  readonly clientHost: string;
  readonly memberMetadata: Buffer;
  readonly memberAssignment: Buffer;
}): GroupMemberView {
  let assigned: GroupMemberView['assigned'] = [];
  try {
    const decoded = MemberAssignment.decode(member.memberAssignment);
    assigned = Object.entries(decoded?.assignment ?? {}).map(([topic, partitions]) => ({
      topic,
      partitions,
    }));
  } catch {
    // A member with another protocol, whose assignment is unknown.
  }
  const { bridgeId } = readMetadata(member.memberMetadata);
  return { clientId: member.clientId, host: member.clientHost.replace(/^\//, ''), bridgeId, assigned };
}

/**
 * Round robin assignment over the members that subscribe to a topic: during a rolling change of the metrics file
 * subscriptions differ. Each member's metadata carries its bridge id.
 */
export function roundRobinOf(bridgeId: string): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: ASSIGNER_NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: ASSIGNER_NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: userData(bridgeId) }),
    }),
    assign: async ({ members, topics }) => {
      const subscribed = members.flatMap(({ memberMetadata }) => [...readMetadata(memberMetadata).topics]);
      const all = [...new Set([...topics, ...subscribed])].sort();
      // kafkajs drops them when one cannot be read; then only this member's topics are assigned.
      const known = await cluster.addMultipleTargetTopics(all).then(
        () => all,
        () => topics,
      );
      const partitions = known.flatMap((topic) =>
        cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return assignInTurn(members, partitions).map(({ memberId, assignment }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment,
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** Assigns each partition to the next member that subscribes to its topic; members without partitions are absent. */
export function assignInTurn(
  members: readonly GroupMember[],
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): { readonly memberId: string; readonly assignment: Record<string, number[]> }[] {
  const inTurn = members
    .map(({ memberId, memberMetadata }) => {
      const assignment: Record<string, number[]> = {};
      return { memberId, topics: new Set(readMetadata(memberMetadata).topics), assignment };
    })
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  let turn = 0;
  for (const { topic, partition } of partitions) {
    for (let tried = 0; tried < inTurn.length; tried += 1) {
      const member = inTurn[(turn + tried) % inTurn.length]!;
      if (!member.topics.has(topic)) continue;
      (member.assignment[topic] ??= []).push(partition);
      turn += tried + 1;
      break;
    }
  }
  return inTurn.filter(({ assignment }) => Object.keys(assignment).length > 0);
}
