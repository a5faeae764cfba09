import { UnavailableError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import type { TopicIdentity, TopicIncarnations } from '../domain/store';
import { nextTopic, type KnownTopic } from '../domain/topic-identity';

const ATTEMPTS = 10;

/** The stored topic of a metric. */
interface TopicField {
  read(): Promise<readonly (string | null)[]>;
  /** `set_topic`: sets it when it still is as it was read. */
  set(...args: (string | number)[]): Promise<readonly unknown[]>;
}

/** Compares and sets the stored topic. Rejects with UnavailableError when others keep changing it. */
export async function identifyTopic(
  metric: Metric,
  identity: TopicIdentity,
  field: TopicField,
): Promise<TopicIncarnations | 'stale'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [text = null] = await field.read();
    const stored = text === null ? null : (JSON.parse(text) as KnownTopic);
    const next = nextTopic(stored, identity);
    if (next === 'stale') return next;
    const { topicId, partitions, incarnations } = next;
    if (next !== stored || text === null) {
      const isSameTopic = stored?.topicId === topicId;
      const reply = await field.set(
        text ?? '',
        JSON.stringify(next),
        topicId,
        partitions,
        isSameTopic ? '0' : '1',
      );
      if (reply[0] !== 'set') continue;
    }
    return { topicId, partitions, incarnations };
  }
  throw new UnavailableError('store', `The topic of ${metric.name} changed during the operation; retry`);
}
