import type { TopicView } from './cluster/cluster-view';
import { partitionKey, type GroupReader, type GroupReaderDependencies } from './reading/group-reader';
import type { GroupMemberView } from './reading/group-members';
import { GroupWatch, type UnreadPartition } from './reading/group-watch';
import type { SourceTopic } from './reading/source-topic';
import { UnavailableError } from '../domain/errors';
import type { StoredPosition } from '../domain/store';

const DESCRIBE_MS = 5_000;
const UNREAD_AFTER_MS = 10_000;

/** Polls brokers and store about once a second for the readers of the topics, which GroupWatch evaluates. */
export class GroupMonitor {
  private readonly watch: GroupWatch;
  private members: readonly GroupMemberView[] | null = null;
  private describedMs = Number.NEGATIVE_INFINITY;
  private warned: string | null = null;

  constructor(
    private readonly dependencies: Pick<
      GroupReaderDependencies,
      'bridgeId' | 'log' | 'options' | 'store' | 'telemetry' | 'view'
    >,
  ) {
    const { groupId, unreadAfterMs = UNREAD_AFTER_MS } = dependencies.options;
    this.watch = new GroupWatch(groupId, dependencies.store.kind, unreadAfterMs);
  }

  /** True until the readers of the other members' partitions are known. */
  get pending(): boolean {
    return this.watch.pending;
  }

  /** The lasting problem of the group as a sentence; null: none. */
  get failing(): string | null {
    return this.watch.failing;
  }

  get unread(): readonly UnreadPartition[] {
    return this.watch.unread;
  }

  /** Polls once. Keeps the last result when brokers or store do not answer. */
  async check(
    reader: GroupReader,
    sourceTopics: ReadonlyMap<string, SourceTopic>,
    views: ReadonlyMap<string, TopicView>,
  ): Promise<void> {
    const { bridgeId, store, log } = this.dependencies;
    const topics: { topic: string; partitions: number }[] = [];
    for (const { topic, consumers } of sourceTopics.values()) {
      const seen = views.get(topic);
      if (seen?.state !== 'there' || consumers.some(({ incarnations }) => incarnations === null)) continue;
      topics.push({ topic, partitions: seen.ends.length });
    }
    const ownsAll = topics.every(({ topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => reader.owns(topic, partition)).every(Boolean),
    );
    const nowMs = performance.now();
    const due = ownsAll || this.watch.unsettled || nowMs - this.describedMs >= DESCRIBE_MS;
    try {
      if (due && !ownsAll) await this.describe(nowMs);
      const others = (this.members ?? []).flatMap((member) => member.bridgeId ?? []);
      const announced = await store.announceBridge(
        bridgeId,
        others.filter((id) => id !== bridgeId),
      );
      if (!due) return;
      const stored = ownsAll ? new Map<string, StoredPosition>() : await this.storedPositions(sourceTopics);
      this.watch.observe({
        nowMs,
        topics,
        owns: (topic, partition) => reader.owns(topic, partition),
        ownBridgeId: bridgeId,
        members: ownsAll ? [] : this.members,
        announced,
        stored: (topic, partition) => stored.get(partitionKey(topic, partition)),
      });
      this.report();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      log.debug({ err: error }, 'the readers of the group could not be looked up');
    }
  }

  private async describe(nowMs: number): Promise<void> {
    const { view, options, log } = this.dependencies;
    try {
      this.members = await view.members(options.groupId);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      log.debug({ err: error }, 'the consumer group could not be described');
      this.members = null;
    }
    this.describedMs = nowMs;
  }

  /**
   * Stored positions by topic and partition; for a topic with several metrics the lowest position and the newest
   * report.
   */
  private async storedPositions(
    sourceTopics: ReadonlyMap<string, SourceTopic>,
  ): Promise<ReadonlyMap<string, StoredPosition>> {
    const found = new Map<string, StoredPosition>();
    for (const { topic, consumers } of sourceTopics.values()) {
      for (const { metric } of consumers) {
        for (const [partition, position] of await this.dependencies.store.storedPositions(metric)) {
          const key = partitionKey(topic, partition);
          const before = found.get(key);
          const next = Math.min(before?.next ?? position.next, position.next);
          const reported = Math.max(before?.reportedMs ?? -1, position.reportedMs ?? -1);
          found.set(key, { next, reportedMs: reported < 0 ? null : reported });
        }
      }
    }
    return found;
  }

  private report(): void {
    const { log, telemetry } = this.dependencies;
    const { failing, unread } = this.watch;
    if (failing === this.warned) return;
    if (failing !== null) {
      log.warn({ partitions: unread.length }, failing);
      if (this.warned === null) telemetry.hopFailed('kafka');
    } else log.info({}, 'every partition is read into this store again');
    this.warned = failing;
  }
}
