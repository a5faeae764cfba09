import { AssignerProtocol } from 'kafkajs';
import { assignInTurn, describeMember, roundRobinOf } from './group-members';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;
const subscriber = (memberId: string, ...topics: string[]) => ({
  memberId,
  memberMetadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
});
const partitionsOf = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

describe('the assignment', () => {
  it('assigns partitions round robin to the members that subscribe to their topic', () => {
    const members = [subscriber('b', 'x', 'y'), subscriber('a', 'x')];
    const assigned = assignInTurn(members, [...partitionsOf('x', 3), ...partitionsOf('y', 2)]);
    expect(assigned.map(({ memberId, assignment }) => [memberId, assignment])).toEqual([
      ['a', { x: [0, 2] }],
      ['b', { x: [1], y: [0, 1] }],
    ]);
  });

  it('equals that of the last release when all subscriptions are equal', () => {
    const members = [subscriber('b', 'x'), subscriber('a', 'x'), subscriber('c', 'x')];
    expect(assignInTurn(members, partitionsOf('x', 2)).map(({ memberId }) => memberId)).toEqual(['a', 'b']);
  });
});

describe('a member of the group', () => {
  const memberAssignment = MemberAssignment.encode({
    version: 0,
    assignment: { x: [0, 2] },
    userData: Buffer.alloc(0),
  });
  const described = { clientId: 'c', clientHost: '/10.0.0.7', memberAssignment };

  it('is identified by the id that its bridge sends', () => {
    const assigner = roundRobinOf('bridge-1')({ cluster: {}, groupId: 'g', logger: {} } as never);
    const memberMetadata = assigner.protocol({ topics: ['x'] }).metadata;
    expect(assigner.name).toBe('RoundRobinAssigner');
    expect(describeMember({ ...described, memberMetadata })).toEqual({
      clientId: 'c',
      host: '10.0.0.7',
      bridgeId: 'bridge-1',
      assigned: [{ topic: 'x', partitions: [0, 2] }],
    });
  });

  it.each([
    ['no user data', MemberMetadata.encode({ version: 1, topics: ['x'], userData: Buffer.alloc(0) })],
    [
      'those of another assigner',
      MemberMetadata.encode({ version: 1, topics: ['x'], userData: Buffer.from([0, 0, 7]) }),
    ],
    [
      'JSON of another program',
      MemberMetadata.encode({ version: 1, topics: [], userData: Buffer.from('{"a":1}') }),
    ],
    ['bytes that are cut off', Buffer.from([0, 0, 0, 0])],
    ['nothing', Buffer.alloc(0)],
  ])('is another program with %s', (_name, memberMetadata) => {
    expect(describeMember({ ...described, memberMetadata })).toMatchObject({ bridgeId: null });
  });
});
