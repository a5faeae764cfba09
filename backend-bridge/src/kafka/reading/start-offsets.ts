import type { ClusterView } from '../cluster/cluster-view';
import { UnavailableError } from '../../domain/errors';
import type { SeriesStore } from '../../domain/store';
import type { Log } from '../../domain/telemetry';
import { IdentityUnknown } from './slice';
import type { SourceTopic } from './source-topic';

/** Start position of one partition. */
export interface StartPoint {
  readonly sourceTopic: SourceTopic;
  readonly partition: number;
  readonly offset: number;
  /** Committed offset of the group; -1: none. */
  readonly committed: number;
  /** The lowest next offset over the topic's metrics. */
  readonly needed: number;
}

/**
 * Start offsets: the smaller of committed and applied + 1, so that a store that lost its last second is refilled and a
 * reset group reads again. Without a committed offset the log start. Deleted records are skipped with a warning.
 * Rejects with UnavailableError or IdentityUnknown; safe to retry.
 */
export async function startPoints(
  assignment: readonly { readonly sourceTopic: SourceTopic; readonly partitions: readonly number[] }[],
  groupId: string,
  view: ClusterView,
  store: SeriesStore,
  log: Log,
): Promise<StartPoint[]> {
  const asked = new Map(assignment.map(({ sourceTopic, partitions }) => [sourceTopic.topic, partitions]));
  const [committed, topics] = await Promise.all([
    view.committed(groupId, asked),
    view.describeTopics([...asked.keys()]),
  ]);
  const points: StartPoint[] = [];
  for (const { sourceTopic, partitions } of assignment) {
    const seen = topics.get(sourceTopic.topic);
    if (seen === undefined || seen.state !== 'there') {
      const reason = seen?.state === 'unready' ? seen.reason : `topic ${sourceTopic.topic} does not exist`;
      throw new UnavailableError('source', reason);
    }
    const consumers = sourceTopic.consumers.map(({ metric, incarnations }) => ({ metric, incarnations }));
    const applied = await Promise.all(consumers.map(({ metric }) => store.appliedOffsets(metric)));
    for (const partition of partitions) {
      const logStart = seen.starts[partition];
      const logEnd = seen.ends[partition];
      if (logStart === undefined || logEnd === undefined) throw new IdentityUnknown();
      let needed = Number.POSITIVE_INFINITY;
      for (const [index, { metric, incarnations }] of consumers.entries()) {
        if (incarnations === null || incarnations.topicId !== seen.topicId) throw new IdentityUnknown();
        const next = (applied[index]!.get(partition) ?? -1) + 1;
        if (next < logStart) {
          const lost = {
            topic: sourceTopic.topic,
            partition,
            metric: metric.name,
            from: next,
            to: logStart - 1,
          };
          if (next > 0)
            log.warn(lost, 'records missing in the store were deleted from the log; skipping them');
          await store.skipTo(metric, incarnations.topicId, partition, logStart);
        }
        if (next > logEnd) {
          log.warn(
            { topic: sourceTopic.topic, partition, metric: metric.name, end: logEnd, stored: next - 1 },
            'the log ends before the stored offset: it was truncated; records at already used offsets are ignored',
          );
        }
        needed = Math.min(needed, Math.max(next, logStart));
      }
      const own = committed.get(sourceTopic.topic)?.get(partition) ?? -1;
      const wanted = own < 0 ? logStart : Math.min(own, needed);
      const offset = Math.min(Math.max(wanted, logStart), logEnd);
      points.push({ sourceTopic, partition, offset, committed: own, needed });
    }
  }
  return points;
}
