import { GroupWatch, type GroupObservation } from './group-watch';
import type { GroupMemberView } from './group-members';

const TOPIC = 'events';
const member = (bridgeId: string | null, partitions: number[], clientId = 'streamkpi'): GroupMemberView => ({
  clientId,
  host: '10.0.0.7',
  bridgeId,
  assigned: [{ topic: TOPIC, partitions }],
});

/** One bridge's observations of a topic with two partitions, of which it owns the first by default. */
class Scene {
  readonly watch: GroupWatch;
  private nowMs = 1_000_000;
  private announced = new Map<string, number>();
  private reportedMs = 5_000;

  constructor(storeKind: 'redis' | 'lmdb' = 'redis') {
    this.watch = new GroupWatch('streamkpi', storeKind, 10_000);
  }

  /** Observes once a second, for this many seconds. */
  observe(
    seconds: number,
    members: readonly GroupMemberView[] | null,
    over: { owns?: number[]; sharing?: string[]; reports?: boolean } = {},
  ): void {
    for (let second = 0; second < seconds; second += 1) {
      this.nowMs += 1_000;
      for (const id of over.sharing ?? []) this.announced.set(id, (this.announced.get(id) ?? 0) + 1);
      if (over.reports === true) this.reportedMs += 1_000;
      const observation: GroupObservation = {
        nowMs: this.nowMs,
        topics: [{ topic: TOPIC, partitions: 2 }],
        owns: (_topic, partition) => (over.owns ?? [0]).includes(partition),
        ownBridgeId: 'own',
        members,
        announced: this.announced,
        stored: () => ({ next: 40, reportedMs: this.reportedMs }),
      };
      this.watch.observe(observation);
    }
  }
}

const own = member('own', [0]);

describe('the watch over the consumer group', () => {
  it('is pending before the first observation, and satisfied by a bridge that reads everything', () => {
    const scene = new Scene('lmdb');
    expect(scene.watch).toMatchObject({ pending: true, failing: null });
    scene.observe(1, [], { owns: [0, 1] });
    expect(scene.watch).toMatchObject({ pending: false, failing: null, unsettled: false });
  });

  it('recognises a replica that announces itself in the same store, within two observations', () => {
    const scene = new Scene();
    const group = [own, member('other', [1])];
    scene.observe(1, group, { sharing: ['other'] });
    expect(scene.watch).toMatchObject({ pending: true, failing: null });
    scene.observe(1, group, { sharing: ['other'] });
    expect(scene.watch).toMatchObject({ pending: false, failing: null });
    // Its store connection is down: still the same deployment.
    scene.observe(60, group);
    expect(scene.watch.failing).toBeNull();
    expect(scene.watch.unread).toEqual([]);
  });

  it('names a bridge with another store and its partitions within 30 s, and never becomes ready', () => {
    const scene = new Scene('lmdb');
    const group = [own, member('other', [1])];
    for (let second = 0; second < 10; second += 1) {
      scene.observe(1, group);
      // A first observation in progress is not a failing hop yet.
      expect(scene.watch).toMatchObject({ pending: true, failing: null });
    }
    for (let second = 10; second < 30; second += 1) {
      scene.observe(1, group);
      expect(scene.watch).toMatchObject({ pending: false, failing: expect.any(String) as string });
    }
    expect(scene.watch.failing).toBe(
      'events/1: not read into this store, because the consumer group streamkpi is shared with a bridge with ' +
        'another store (client streamkpi at 10.0.0.7); give each deployment and program a group of its own ' +
        '(KAFKA_GROUP_ID), or let bridges share one Redis (REDIS_URL)',
    );
    expect(scene.watch.unread).toEqual([{ topic: TOPIC, partition: 1, next: 40 }]);
  });

  it('does not count a stale announcement, as in a copied store, as a replica', () => {
    const scene = new Scene();
    const group = [own, member('other', [1])];
    scene.observe(1, group, { sharing: ['other'] });
    scene.observe(20, group);
    expect(scene.watch.failing).toMatch(/a bridge with another store/);
  });

  it('tolerates a rebalance of ten seconds when all was read before, and recovers at once', () => {
    const scene = new Scene();
    scene.observe(1, [own], { owns: [0, 1] });
    const group = [own, member(null, [1], 'billing')];
    scene.observe(10, group);
    expect(scene.watch).toMatchObject({ pending: false, failing: null });
    scene.observe(2, group);
    expect(scene.watch.failing).toMatch(/another program \(client billing at 10\.0\.0\.7\)/);
    expect(scene.watch.failing).not.toMatch(/REDIS_URL/);
    scene.observe(1, [own], { owns: [0, 1] });
    expect(scene.watch.failing).toBeNull();
  });

  it('recognises a bridge of the last release by its reports in the store', () => {
    const scene = new Scene();
    const group = [own, member(null, [1])];
    scene.observe(2, group, { reports: true });
    expect(scene.watch.failing).toBeNull();
    scene.observe(60, group, { reports: true });
    expect(scene.watch.failing).toBeNull();
    // It was another program: its partition gets no more reports.
    scene.observe(25, group);
    expect(scene.watch.failing).toMatch(/another program/);
  });

  it('relies on reports alone while the group cannot be described', () => {
    const scene = new Scene();
    scene.observe(2, null, { reports: true });
    expect(scene.watch.failing).toBeNull();
    scene.observe(25, null);
    expect(scene.watch.failing).toMatch(/shared with another reader/);
  });

  it('stays ready when all members share the store, and counts what none of them reads', () => {
    const scene = new Scene();
    const group = [own, member('other', [])];
    scene.observe(15, group, { sharing: ['other'] });
    expect(scene.watch.failing).toBeNull();
    expect(scene.watch.unread).toEqual([{ topic: TOPIC, partition: 1, next: 40 }]);
  });
});
