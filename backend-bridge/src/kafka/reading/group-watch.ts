import type { GroupMemberView } from './group-members';
import type { StoredPosition } from '../../domain/store';

/** A partition of ours that no bridge with our store reads. */
export interface UnreadPartition {
  readonly topic: string;
  readonly partition: number;
  /** Next offset that the store lacks. */
  readonly next: number;
}

/** What one look at the group and at the store has found. */
export interface GroupObservation {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Partitions of the topics that this bridge reads. */
  readonly topics: readonly { readonly topic: string; readonly partitions: number }[];
  /** True for partitions that are assigned to this bridge. */
  readonly owns: (topic: string, partition: number) => boolean;
  readonly ownBridgeId: string;
  /** Null: the group cannot be described, or is rebalancing. */
  readonly members: readonly GroupMemberView[] | null;
  /** How often the bridges that use our store have announced themselves, by id. */
  readonly announced: ReadonlyMap<string, number>;
  readonly stored: (topic: string, partition: number) => StoredPosition | undefined;
}

/** Readers report every second; one silent for this long does not write to our store. */
const SILENT_MS = 10_000;
const NAMED = 3;

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * Whether the whole of the topics is read into our store. A group that is shared with another deployment or program
 * gives it some of the partitions: nothing fails, and the points of these partitions are just missing.
 *
 * A partition is read when it is ours; when its owner is a bridge that announces itself in our store; or when reports
 * of it arrive in our store (bridges of the release before do not announce themselves). Nothing is taken from clocks.
 */
export class GroupWatch {
  /** Bridges seen alive in our store. Once so, always so: a bridge does not change its store while it runs. */
  private readonly sharing = new Set<string>();
  private readonly counts = new Map<string, number>();
  private readonly reports = new Map<string, { reportedMs: number | null; movedMs: number | null }>();
  private uncoveredSinceMs: number | null = null;
  private everCovered = false;
  private strangers: readonly GroupMemberView[] | null = [];
  private uncovered: readonly UnreadPartition[] = [];
  private lookedMs: number | null = null;

  constructor(
    private readonly groupId: string,
    private readonly storeKind: 'redis' | 'lmdb',
    /** How long a partition may be without a reader while the group rebalances, before it is a fault. */
    private readonly graceMs: number,
  ) {}

  observe(observation: GroupObservation): void {
    const { nowMs, members, announced } = observation;
    this.lookedMs = nowMs;
    for (const [id, count] of announced) {
      if ((this.counts.get(id) ?? count) < count) this.sharing.add(id);
      this.counts.set(id, count);
    }
    const owners = new Map<string, GroupMemberView>();
    for (const member of members ?? []) {
      for (const { topic, partitions } of member.assigned) {
        for (const partition of partitions) owners.set(placeOf(topic, partition), member);
      }
    }
    const writing = new Set<GroupMemberView>();
    const uncovered: UnreadPartition[] = [];
    for (const { topic, partitions } of observation.topics) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const place = placeOf(topic, partition);
        const stored = observation.stored(topic, partition);
        const reported = this.reportsArrive(place, stored?.reportedMs ?? null, nowMs);
        const owner = owners.get(place);
        if (owner?.bridgeId === null && reported) writing.add(owner);
        const bridgeId = owner?.bridgeId ?? null;
        const read = bridgeId === null ? reported : this.sharing.has(bridgeId);
        if (read || observation.owns(topic, partition)) continue;
        uncovered.push({ topic, partition, next: stored?.next ?? 0 });
      }
    }
    this.strangers =
      members?.filter(
        (member) =>
          member.bridgeId !== observation.ownBridgeId &&
          !writing.has(member) &&
          !(member.bridgeId !== null && this.sharing.has(member.bridgeId)),
      ) ?? null;
    this.uncovered = uncovered;
    if (uncovered.length === 0) {
      this.uncoveredSinceMs = null;
      this.everCovered = true;
    } else this.uncoveredSinceMs ??= nowMs;
  }

  /** Whether the next look should not wait: something is not settled. */
  get unsettled(): boolean {
    return this.uncovered.length > 0 || !this.everCovered;
  }

  /** Partitions whose points are missing in our store; those of a short rebalance are not among them. */
  get unread(): readonly UnreadPartition[] {
    return this.lasts() ? this.uncovered : [];
  }

  /** True from the start until the readers of all partitions are known, or a partition has had none for the grace. */
  get pending(): boolean {
    return this.lookedMs === null || (this.isShared() && !this.everCovered && !this.lasts());
  }

  /** What is wrong with the group, with what to do; null when nothing is, and during the grace. */
  get failing(): string | null {
    if (!this.isShared() || !this.lasts()) return null;
    const places = this.uncovered.map(({ topic, partition }) => placeOf(topic, partition));
    const named = places.slice(0, NAMED).join(', ');
    const what = places.length > NAMED ? `${named} and ${places.length - NAMED} more` : named;
    const remedy = this.storeKind === 'lmdb' ? ', or let bridges share one Redis (REDIS_URL)' : '';
    return (
      `${what}: not read into this store, because the consumer group ${this.groupId} is shared with ${this.who()}; ` +
      `give each deployment and program a group of its own (KAFKA_GROUP_ID)${remedy}`
    );
  }

  /**
   * Partitions without a reader in a group in which every member shares our store are no fault of the group: bridges
   * with an older metrics file are being replaced.
   */
  private isShared(): boolean {
    return this.uncovered.length > 0 && this.strangers?.length !== 0;
  }

  private who(): string {
    if (this.strangers === null) return 'another reader';
    return this.strangers
      .slice(0, NAMED)
      .map(({ bridgeId, clientId, host }) => {
        const what = bridgeId === null ? 'another program' : 'a bridge with another store';
        return `${what} (client ${clientId} at ${host})`;
      })
      .join(' and ');
  }

  private lasts(): boolean {
    return this.uncoveredSinceMs !== null && (this.lookedMs ?? 0) - this.uncoveredSinceMs >= this.graceMs;
  }

  private reportsArrive(place: string, reportedMs: number | null, nowMs: number): boolean {
    const before = this.reports.get(place);
    const moved = before !== undefined && before.reportedMs !== reportedMs;
    const movedMs = moved ? nowMs : (before?.movedMs ?? null);
    this.reports.set(place, { reportedMs, movedMs });
    return movedMs !== null && nowMs - movedMs < SILENT_MS;
  }
}
