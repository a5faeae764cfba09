import type { ClusterView } from '../cluster/cluster-view';
import { homePartition } from '../../domain/revision';
import type { WriteBatch } from '../../domain/store';

interface DescribedTopic {
  readonly topicId: string;
  /** Log ends by partition number. */
  readonly ends: readonly number[];
}

/**
 * Detects that a topic was expanded or recreated before its records are compared with those of the old one.
 *
 * When partitions are added, keys move, also between existing partitions. The store decides which record of a moved key
 * is newer by the partition count; with the old count it would keep the old record for ever. So a record outside the
 * partition that its key hashes to is written only after a metadata request that started after the record was read.
 * Records before the log ends of that response need no further request; topics whose keys are all in their default
 * partition cause none.
 */
export class GrowthWatch {
  private readonly described = new Map<string, DescribedTopic>();
  private readonly running = new Map<string, Promise<DescribedTopic | null>>();
  private readonly queued = new Map<string, Promise<DescribedTopic | null>>();

  constructor(private readonly view: Pick<ClusterView, 'describeTopics'>) {}

  /** True when the topic still has the id and partition count of these writes. Rejects with UnavailableError. */
  async isTopicCurrent(topic: string, writes: readonly WriteBatch[]): Promise<boolean> {
    for (const write of writes) {
      if (!this.hasStray(topic, write)) continue;
      const seen = await this.describe(topic);
      if (seen?.topicId !== write.topicId || seen.ends.length !== write.partitions) return false;
    }
    return true;
  }

  /** True when a point is outside its home partition and no response covers it yet. */
  private hasStray(topic: string, { topicId, partition, partitions, points }: WriteBatch): boolean {
    const before = this.described.get(topic);
    const covered =
      before?.topicId === topicId && before.ends.length === partitions ? (before.ends[partition] ?? 0) : 0;
    for (let i = points.length - 1; i >= 0; i -= 1) {
      const { keyHash, placement = keyHash, offset } = points[i]!;
      if (offset < covered) return false;
      // 0: a record without a key, which has no home partition.
      if (placement !== 0 && homePartition(placement, partitions) !== partition) return true;
    }
    return false;
  }

  /** A metadata request that starts now or later; one at a time per topic, shared by all waiting callers. */
  private describe(topic: string): Promise<DescribedTopic | null> {
    const running = this.running.get(topic);
    if (running === undefined) return this.begin(topic);
    let next = this.queued.get(topic);
    if (next === undefined) {
      next = running
        .catch(() => null)
        .then(() => {
          this.queued.delete(topic);
          return this.begin(topic);
        });
      this.queued.set(topic, next);
    }
    return next;
  }

  private begin(topic: string): Promise<DescribedTopic | null> {
    const work = this.view
      .describeTopics([topic])
      .then((views) => {
        const seen = views.get(topic);
        if (seen?.state !== 'there') return null;
        this.described.set(topic, seen);
        return seen;
      })
      .finally(() => this.running.delete(topic));
    this.running.set(topic, work);
    return work;
  }
}
