import { setImmediate } from 'node:timers/promises';
import type { KafkaMessage } from 'kafkajs';
import type { SchemaRegistry } from '../schema-registry';
import type { DeadLetter } from '../dead-letters';
import type { SchemaId } from '../../decoding/format';
import type { DecodedPoints, RawRecord } from '../../decoding/record-decoder';
import { refusalOf, SchemaNeeded, type Undecodable } from '../../decoding/undecodable';
import type { FetchedMessage } from '../fetch/record-batch';
import { homePartition } from '../../domain/revision';
import { incarnationOf, type TopicIncarnations, type WriteBatch } from '../../domain/store';
import type { MetricConsumer, SourceTopic } from './source-topic';

/** Most records per write. */
export const SLICE_RECORDS = 500;

/** So long one decodes before everything else has its turn: a record of some kilobytes may unpack to megabytes. */
const TURN_MS = 50;

/** One slice of a partition, decoded for every metric of its topic. */
export interface Slice {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly records: readonly RawRecord[];
  readonly writes: readonly WriteBatch[];
  /** Records that produce no point, each with the metric that could not decode it. */
  readonly deadLetters: readonly DeadLetter[];
}

/** The store has not identified the topic yet, so nothing can be written. */
export class IdentityUnknown extends Error {}

class FetchedRecord implements RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: number;
  readonly timestampMs: number;
  readonly refusal: FetchedMessage['refusal'];

  constructor(private readonly message: KafkaMessage) {
    this.key = message.key;
    this.value = message.value;
    this.offset = Number(message.offset);
    this.timestampMs = Number(message.timestamp);
    this.refusal = (message as Partial<FetchedMessage>).refusal ?? null;
  }

  /** Decoded on access. */
  get headers(): FetchedMessage['headers'] {
    return (this.message as FetchedMessage).headers;
  }
}

export function toRecord(message: KafkaMessage): RawRecord {
  return new FetchedRecord(message);
}

export function deadLetterOf(
  consumer: MetricConsumer,
  sourceTopic: SourceTopic,
  partition: number,
  record: RawRecord,
  reason: Undecodable['reason'],
  message: string,
): DeadLetter {
  const { key, value, offset, timestampMs, refusal } = record;
  return {
    metric: consumer.metric.name,
    topic: sourceTopic.topic,
    partition,
    offset: refusal?.firstOffset ?? offset,
    lastOffset: offset,
    timestampMs,
    key,
    value,
    unreadBytes: refusal?.bytes ?? null,
    reason,
    message,
  };
}

/** Decodes the records for one metric. Records with an unknown schema are left out, and the schema id is collected. */
async function decodeFor(
  consumer: MetricConsumer,
  topic: TopicIncarnations,
  sourceTopic: SourceTopic,
  partition: number,
  records: readonly RawRecord[],
  latestMs: number,
  deadLetters: DeadLetter[],
  schemas: Set<SchemaId>,
): Promise<DecodedPoints> {
  const slice: DecodedPoints = { points: [], maxEventMs: null };
  const newest = topic.incarnations.at(-1)!.number;
  const many = topic.incarnations.length > 1;
  let turnEnds = performance.now() + TURN_MS;
  for (const record of records) {
    if (performance.now() > turnEnds) {
      await setImmediate();
      turnEnds = performance.now() + TURN_MS;
    }
    try {
      consumer.decoder.decodeInto(slice, record, newest, latestMs);
      if (!many) continue;
      // An update of a row may have removed one point and set another.
      for (let at = slice.points.length - 1; slice.points[at]?.offset === record.offset; at -= 1) {
        const point = slice.points[at]!;
        const placedBy = sourceTopic.defaultPartitioner ? (point.placement ?? point.keyHash) : 0;
        const incarnation = incarnationOf(topic, partition, record.offset, placedBy);
        if (incarnation !== newest) slice.points[at] = { ...point, incarnation };
      }
    } catch (error) {
      if (error instanceof SchemaNeeded) schemas.add(error.schemaId);
      else {
        const { reason, message } = refusalOf(error);
        deadLetters.push(deadLetterOf(consumer, sourceTopic, partition, record, reason, message));
      }
    }
  }
  return slice;
}

/**
 * Whether every key is in the partition that a Java producer would choose, for one of the topic's partition counts so
 * far. With another partitioner, a matching placement is chance and says nothing about a record's age.
 */
export function usesDefaultPartitioner(
  sourceTopic: SourceTopic,
  partition: number,
  writes: readonly WriteBatch[],
): boolean {
  return writes.every(({ points }, index) => {
    const layouts = (sourceTopic.consumers[index]?.incarnations?.incarnations ?? []).map(
      ({ starts }) => starts.length,
    );
    return points.every(
      ({ keyHash, placement = keyHash }) =>
        placement === 0 || layouts.some((count) => homePartition(placement, count) === partition),
    );
  });
}

/**
 * Decodes records into one write per metric, loading unknown schemas from the registry. Rejects with UnavailableError
 * when the registry does not answer, and with IdentityUnknown when the store must identify the topic first.
 */
export async function decodeSlice(
  sourceTopic: SourceTopic,
  partition: number,
  range: { readonly fromOffset: number; readonly toOffset: number; readonly records: readonly RawRecord[] },
  registry: SchemaRegistry | null,
  nowMs: number,
  clockCertain: boolean,
): Promise<Slice> {
  const { fromOffset, toOffset, records } = range;
  // A clock that may be wrong cannot decide which windows are in the future.
  const latestMs = clockCertain ? nowMs : Number.POSITIVE_INFINITY;
  for (;;) {
    const deadLetters: DeadLetter[] = [];
    const schemas = new Set<SchemaId>();
    const writes: WriteBatch[] = [];
    for (const consumer of sourceTopic.consumers) {
      const topic = consumer.incarnations;
      if (topic === null || partition >= topic.partitions) throw new IdentityUnknown();
      const decoded = await decodeFor(
        consumer,
        topic,
        sourceTopic,
        partition,
        records,
        latestMs,
        deadLetters,
        schemas,
      );
      writes.push({
        metric: consumer.metric,
        topicId: topic.topicId,
        partition,
        partitions: topic.partitions,
        fromOffset,
        toOffset,
        points: decoded.points,
        maxEventMs: decoded.maxEventMs,
        nowMs,
      });
    }
    if (schemas.size === 0) return { fromOffset, toOffset, records, writes, deadLetters };
    if (registry === null) throw new TypeError('a schema is needed, and there is no Schema Registry');
    await registry.loadAll([...schemas]);
  }
}

/** Splits a slice into two with half of the records each. */
export function halvesOf(slice: Slice): [Slice, Slice] {
  const { records, fromOffset, toOffset, writes } = slice;
  const middle = records[records.length >> 1]!.offset;
  const part = (from: number, to: number): Slice => {
    const inside = ({ offset }: { readonly offset: number }): boolean => offset >= from && offset <= to;
    return {
      fromOffset: from,
      toOffset: to,
      records: records.filter(inside),
      writes: writes.map((write) => ({
        ...write,
        fromOffset: from,
        toOffset: to,
        points: write.points.filter(inside),
      })),
      // Already written, before the slice.
      deadLetters: [],
    };
  };
  return [part(fromOffset, middle - 1), part(middle, toOffset)];
}
