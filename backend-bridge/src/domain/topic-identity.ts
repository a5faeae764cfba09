import type { TopicIdentity, TopicIncarnations } from './store';

/** Stored identity of a metric's topic. */
export interface KnownTopic extends TopicIncarnations {
  /** Ids that were current before, the newest last. */
  readonly past: readonly string[];
}

/** Number of past topic ids kept; topics are rarely recreated. */
const PAST_KEPT = 64;
/** An incarnation has 16 bits in a slot. */
const MAX_INCARNATION = 0xffff;

/**
 * The topic after this identity was seen: the same object when nothing changed, `stale` when the view is outdated (see
 * SeriesStore.identifyTopic). Throws RangeError past the last incarnation that a slot can hold.
 */
export function nextTopic(known: KnownTopic | null, seen: TopicIdentity): KnownTopic | 'stale' {
  const partitions = seen.ends.length;
  if (known?.topicId === seen.topicId) {
    if (partitions === known.partitions) return known;
    if (partitions < known.partitions) return 'stale';
    const starts = seen.ends.map((end, partition) => (partition < known.partitions ? end : 0));
    return {
      ...known,
      partitions,
      incarnations: [...known.incarnations, { number: numberAfter(known), starts }],
    };
  }
  if (known?.past.includes(seen.topicId)) return 'stale';
  return {
    topicId: seen.topicId,
    partitions,
    incarnations: [{ number: numberAfter(known), starts: seen.ends.map(() => 0) }],
    past: known === null ? [] : [...known.past, known.topicId].slice(-PAST_KEPT),
  };
}

function numberAfter(known: KnownTopic | null): number {
  const newest = known?.incarnations.at(-1)?.number ?? 0;
  if (newest >= MAX_INCARNATION) {
    throw new RangeError('the topic was recreated too often for this store; give the metric a new name');
  }
  return newest + 1;
}
