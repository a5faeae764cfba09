import type { GroupMemberView } from './group-members';
import type { StoredPosition } from '../../domain/store';

/** A partition that no bridge reads into this store. */
export interface UnreadPartition {
  readonly topic: string;
  readonly partition: number;
  /** Next offset that the store lacks. */
  readonly next: number;
}

/** One observation of the group and the store. */
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
  /** Announcement counts of the bridges that use this store, by bridge id. */
  readonly announced: ReadonlyMap<string, number>;
  readonly stored: (topic: string, partition: number) => StoredPosition | undefined;
}

/** Readers report every second; one silent for this long does not write to this store. */
const SILENT_MS = 10_000;
const NAMED = 3;

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * Detects partitions that are not read into this store. A group shared with another deployment or program gives it some
 * of the partitions: nothing fails, and the points of these partitions are missing.
 *
 * A partition is read when this bridge owns it, when its owner is a bridge that announces itself in this store, or when
 * reports of it arrive in this store (older bridges do not announce themselves). Independent of wall clocks.
 */
export class GroupWatch {
  /** Bridges seen alive in this store. Never removed: a bridge does not change its store while it runs. */
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
    /** How long a partition may be without a reader during a rebalance before it counts as a fault. */
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

  /** True when the next observation should not wait. */
  get unsettled(): boolean {
    return this.uncovered.length > 0 || !this.everCovered;
  }

  /** Partitions whose points are missing in this store, apart from those of a short rebalance. */
  get unread(): readonly UnreadPartition[] {
    return this.lasts() ? this.uncovered : [];
  }

  /** True from the start until the readers of all partitions are known, or a partition had none for the grace time. */
  get pending(): boolean {
    return this.lookedMs === null || (this.isShared() && !this.everCovered && !this.lasts());
  }

  /** The problem of the group with its remedy; null when there is none, and during the grace time. */
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
   * True when every member uses this store: partitions without a reader then belong to bridges with an older metrics
   * file that are being replaced.
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
