import { isDeepStrictEqual } from 'node:util';
import { DeadLetterTally } from '../dead-letter-tally';
import { LogThrottle } from '../log-throttle';
import type { SchemaRegistry } from '../schema-registry';
import { createRecordDecoder, type RecordDecoder } from '../../decoding/record-decoder';
import type { TopicMapping } from '../../domain/mapping';
import type { Metric } from '../../domain/metric';
import type { TopicIncarnations } from '../../domain/store';
import type { Log } from '../../domain/telemetry';

/** A metric that consumes a topic. */
export interface MetricConsumer {
  /** As the metrics file has it now. */
  metric: Metric;
  /** How its points are read; only `metric` of it may be an older one. */
  readonly mapping: TopicMapping;
  readonly decoder: RecordDecoder;
  /** The store's identity of the topic; null until the store has identified it. */
  incarnations: TopicIncarnations | null;
}

/** A topic with the metrics that consume it, for the lifetime of the source. */
export interface SourceTopic {
  readonly topic: string;
  readonly consumers: readonly MetricConsumer[];
  /** Records read, counted once however many metrics consume them. */
  records: number;
  deadLetters: DeadLetterTally;
  /** Of warnings that a metric has reached its `max_series`: one for all partitions. */
  readonly overCapLog: LogThrottle;
  /** Timestamp of the newest record read; null: none yet. */
  lastRecordMs: number | null;
  /**
   * False once a key was found in a partition that the default partitioner would not choose for any partition count so
   * far.
   */
  defaultPartitioner: boolean;
}

/** One entry per topic, in the order of the mappings. */
export function createSourceTopics(
  mappings: readonly TopicMapping[],
  registry: SchemaRegistry | null,
  log: Log,
): ReadonlyMap<string, SourceTopic> {
  const sourceTopics = new Map<string, SourceTopic & { readonly consumers: MetricConsumer[] }>();
  for (const mapping of mappings) {
    const { topic, metric } = mapping;
    let sourceTopic = sourceTopics.get(topic);
    if (sourceTopic === undefined) {
      sourceTopic = {
        topic,
        consumers: [],
        records: 0,
        deadLetters: new DeadLetterTally(),
        overCapLog: new LogThrottle(),
        lastRecordMs: null,
        defaultPartitioner: true,
      };
      sourceTopics.set(topic, sourceTopic);
    }
    let warned = false;
    const warnOnce = (field: string): void => {
      if (warned) return;
      warned = true;
      log.warn(
        { topic, metric: metric.name },
        `${field} holds integers past 2^53: they become the nearest double (logged once per topic)`,
      );
    };
    const decoder = createRecordDecoder(mapping, { schemas: registry, onUnsafeInteger: warnOnce });
    sourceTopic.consumers.push({ metric, mapping, decoder, incarnations: null });
  }
  return sourceTopics;
}

/**
 * The topics of another metrics file in place of those that were read: what was counted and settled of them stays. Where
 * a topic is read as before, it stays the same object, with the metrics' new titles, units and the like.
 */
export function replaceTopics(
  before: ReadonlyMap<string, SourceTopic>,
  next: ReadonlyMap<string, SourceTopic>,
): { readonly topics: ReadonlyMap<string, SourceTopic>; readonly isReadAlike: boolean } {
  const topics = new Map<string, SourceTopic>();
  let isReadAlike = before.size === next.size;
  for (const [name, topic] of next) {
    const known = before.get(name);
    if (known !== undefined && areReadAlike(known, topic)) {
      for (const [i, consumer] of known.consumers.entries()) consumer.metric = topic.consumers[i]!.metric;
      topics.set(name, known);
      continue;
    }
    isReadAlike = false;
    topics.set(name, topic);
    if (known === undefined) continue;
    const { records, deadLetters, lastRecordMs, defaultPartitioner } = known;
    Object.assign(topic, { records, deadLetters, lastRecordMs, defaultPartitioner });
    for (const consumer of topic.consumers) {
      const same = known.consumers.find(({ metric }) => metric.name === consumer.metric.name);
      consumer.incarnations = same?.incarnations ?? null;
    }
  }
  return { topics, isReadAlike };
}

function areReadAlike(a: SourceTopic, b: SourceTopic): boolean {
  const reading = ({ consumers }: SourceTopic) =>
    consumers.map(({ mapping }) => ({ ...mapping, metric: mapping.metric.name }));
  return isDeepStrictEqual(reading(a), reading(b));
}
