import type { TopicIdentity, TopicIncarnations } from '../domain/store';

/** What the store keeps of a metric's topic, as JSON in the meta hash. */
export interface StoredTopic extends TopicIncarnations {
  /** Ids that were current before, the newest last. */
  readonly past: readonly string[];
}

/** Topics are rarely made anew; an id older than this many is forgotten. */
const PAST_KEPT = 64;
/** An incarnation has 16 bits in a slot. */
const MAX_INCARNATION = 0xffff;

/**
 * The topic after this identity was seen: the same object when nothing is new, `stale` when the view is old.
 * Throws RangeError when a metric's topic was remade 65,535 times.
 */
export function nextTopic(stored: StoredTopic | null, seen: TopicIdentity): StoredTopic | 'stale' {
  const partitions = seen.ends.length;
  if (stored?.topicId === seen.topicId) {
    if (partitions === stored.partitions) return stored;
    if (partitions < stored.partitions) return 'stale';
    const starts = seen.ends.map((end, partition) => (partition < stored.partitions ? end : 0));
    const number = after(stored);
    return { ...stored, partitions, incarnations: [...stored.incarnations, { number, starts }] };
  }
  if (stored?.past.includes(seen.topicId)) return 'stale';
  return {
    topicId: seen.topicId,
    partitions,
    incarnations: [{ number: after(stored), starts: seen.ends.map(() => 0) }],
    past: stored === null ? [] : [...stored.past, stored.topicId].slice(-PAST_KEPT),
  };
}

function after(stored: StoredTopic | null): number {
  const newest = stored?.incarnations.at(-1)?.number ?? 0;
  if (newest >= MAX_INCARNATION) throw new RangeError('the topic was made anew too often for this store');
  return newest + 1;
}

export function parseTopic(text: string | null): StoredTopic | null {
  return text === null ? null : (JSON.parse(text) as StoredTopic);
}
