import type { TopicMapping } from '../../domain/mapping';
import type { PointWrite } from '../../domain/point';
import { fieldReader } from './field-path';
import { parseJson, utf8Text } from './json-text';
import { createKeyDecoder, type DecodedKey } from './key-decoder';
import { checkedTime, toLabel, toNumber, toTime, withinDouble } from './scalar';
import { Undecodable } from './undecodable';
import type { Refusal } from '../fetch/record-batch';

/** One record as Kafka has it. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: number;
  /** The record's timestamp in ms; -1: none. */
  readonly timestampMs: number;
  /** Why it was passed over unread; it may stand for several offsets then. Absent: it was read. */
  readonly refusal?: Refusal | null;
}

/** What one slice of a partition becomes, for one metric. */
export interface DecodedSlice {
  readonly points: PointWrite[];
  /** Newest event time seen; null: none. */
  maxEventMs: number | null;
}

export interface RecordDecoder {
  /**
   * Adds the record's point. Throws Undecodable or SchemaNeeded; the slice is unchanged then.
   * `nowMs`: windows that begin later than FUTURE_TOLERANCE_MS after it are refused.
   */
  decodeInto(slice: DecodedSlice, record: RawRecord, incarnation: number, nowMs: number): void;
}

/** Decodes a whole Avro message with its schema id in front. Throws Undecodable or SchemaNeeded. */
export interface AvroReader {
  decode(bytes: Buffer, from: number, to: number, what: 'key' | 'value'): unknown;
}

export interface DecoderHooks {
  readonly avro: AvroReader;
  /** An integer past 2^53 became the nearest double. */
  readonly onUnsafeInteger: (measure: string) => void;
}

/**
 * How far ahead of the bridge's clock a window may begin, and a session end: as far as brokers let a record's
 * timestamp be by default (`message.timestamp.after.max.ms`). No answer shows a window before its time.
 */
export const FUTURE_TOLERANCE_MS = 3_600_000;

const INTEGER_PAST_2_53 = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/;
const dotted = (path: readonly string[]): string => path.join('.');

/** How a mapping's records become points of its metric. Pure: bytes in, points out. */
export function createRecordDecoder(mapping: TopicMapping, hooks: DecoderHooks): RecordDecoder {
  const { metric, start, end, eventTime } = mapping;
  const { window } = metric;
  const session = window.type === 'session';
  const isAvro = mapping.value.format === 'avro';
  const keyDecoder = createKeyDecoder(mapping, hooks.avro);
  const startField = start.from === 'field' ? fieldReader(start.path) : null;
  const endField = end.from === 'field' ? fieldReader(end.path) : null;
  const eventField = eventTime.from === 'field' ? fieldReader(eventTime.path) : null;
  const dimensions = mapping.dimensions.map((source, index) => ({
    inKey: source.in === 'key',
    read: fieldReader(source.path),
    name: `dimension ${metric.dimensions[index]?.name ?? dotted(source.path)}`,
  }));
  const onlyKeyLabels = dimensions.every((dimension) => dimension.inKey);
  const measures = mapping.measures.map(({ path, optional }, index) => ({
    read: fieldReader(path),
    optional,
    name: dotted(path),
    measure: metric.measures[index]?.name ?? dotted(path),
  }));

  const readLabels = (key: DecodedKey, value: unknown): readonly string[] => {
    if (onlyKeyLabels && key.labels !== null) return key.labels;
    const labels = dimensions.map(({ inKey, read, name }) =>
      toLabel(read(inKey ? key.content : value), name),
    );
    if (onlyKeyLabels) key.remember(labels);
    return labels;
  };

  const readMeasures = (value: unknown, text: string | null): (number | undefined)[] => {
    const numbers = new Array<number | undefined>(measures.length);
    for (let i = 0; i < measures.length; i += 1) {
      const { read, optional, name, measure } = measures[i]!;
      const raw = read(value);
      // JSON has no infinity: there it is a number with too many digits.
      const number =
        typeof raw !== 'number' ? toNumber(raw, name) : text === null ? raw : withinDouble(raw, name);
      if (number === undefined) {
        if (!optional) throw new Undecodable('missing_field', `the value has no ${name} (or it is null)`);
      } else if (
        (number > Number.MAX_SAFE_INTEGER || number < Number.MIN_SAFE_INTEGER) &&
        Number.isInteger(number) &&
        (text === null ? isAvro : INTEGER_PAST_2_53.test(text))
      ) {
        hooks.onUnsafeInteger(measure);
      }
      numbers[i] = number;
    }
    return numbers;
  };

  const readStart = (record: RawRecord, key: DecodedKey, value: unknown): number => {
    switch (start.from) {
      case 'key':
        return checkedTime(key.startMs, 'the window start in the key');
      case 'timestamp': {
        if (value === null) {
          throw new Undecodable(
            'tombstone_incomplete',
            'a tombstone says nothing of its window: the window start comes from the timestamp of the record it takes away',
          );
        }
        const at = checkedTime(record.timestampMs, "the record's timestamp");
        return session ? at : at - (at % window.advanceMs);
      }
      case 'field': {
        if (start.in === 'value' && value === null) {
          throw new Undecodable(
            'tombstone_incomplete',
            `a tombstone has no value, and the window start is its field ${dotted(start.path)}; map the start from the key`,
          );
        }
        const at = toTime(
          startField!(start.in === 'key' ? key.content : value),
          start.unit,
          `window start ${dotted(start.path)}`,
        );
        if (at === undefined)
          throw new Undecodable('missing_field', `the ${start.in} has no window start ${dotted(start.path)}`);
        return at;
      }
    }
  };

  const readEnd = (startMs: number, key: DecodedKey, value: unknown): number => {
    let endMs: number;
    if (end.from === 'key') endMs = key.endMs;
    else if (end.from === 'size') endMs = startMs + window.sizeMs;
    else if (end.in === 'value' && value === null) {
      if (session) {
        throw new Undecodable(
          'tombstone_incomplete',
          `a tombstone has no value, and the session's end is its field ${dotted(end.path)}; map the end from the key`,
        );
      }
      endMs = startMs + window.sizeMs;
    } else {
      const at = toTime(
        endField!(end.in === 'key' ? key.content : value),
        end.unit,
        `window end ${dotted(end.path)}`,
      );
      if (at === undefined)
        throw new Undecodable('missing_field', `the ${end.in} has no window end ${dotted(end.path)}`);
      endMs = at;
    }
    if (endMs < startMs)
      throw new Undecodable('window_end', `the window ends at ${endMs}, before its start ${startMs}`);
    if (session) return checkedTime(endMs, 'the window end');
    if (endMs !== startMs + window.sizeMs) {
      throw new Undecodable(
        'window_end',
        `the window is ${endMs - startMs} ms long, the mapping says ${window.sizeMs} ms; one of them is wrong`,
      );
    }
    return endMs;
  };

  const readEventTime = (
    record: RawRecord,
    startMs: number,
    endMs: number,
    value: unknown,
  ): number | undefined => {
    switch (eventTime.from) {
      case 'timestamp':
        return record.timestampMs >= 0 ? record.timestampMs : undefined;
      case 'start':
        return startMs;
      case 'end':
        return endMs;
      case 'field':
        return value === null
          ? undefined
          : toTime(eventField!(value), eventTime.unit, `event time ${dotted(eventTime.path)}`);
    }
  };

  const checkFuture = (atMs: number, nowMs: number): void => {
    if (atMs <= nowMs + FUTURE_TOLERANCE_MS) return;
    throw new Undecodable(
      'window_in_future',
      `the window ${session ? 'ends' : 'starts'} at ${new Date(atMs).toISOString()}, more than an hour after the bridge's clock (${new Date(nowMs).toISOString()}); is the unit of the time in the mapping right, and the producer's clock?`,
    );
  };

  return {
    decodeInto: (slice, record, incarnation, nowMs) => {
      const { refusal } = record;
      if (refusal) throw new Undecodable(refusal.reason, refusal.message);
      const key = keyDecoder(record.key);
      const bytes = record.value;
      let value: unknown = null;
      let text: string | null = null;
      if (bytes !== null) {
        if (isAvro) value = hooks.avro.decode(bytes, 0, bytes.length, 'value');
        else {
          text = utf8Text(bytes, 0, bytes.length, 'value_malformed');
          value = parseJson(text, 'value', 'value_malformed');
        }
        if (typeof value !== 'object' || value === null || Array.isArray(value)) {
          throw new Undecodable('value_malformed', 'the value is not an object with fields');
        }
      } else if (!onlyKeyLabels) {
        throw new Undecodable(
          'tombstone_incomplete',
          'a tombstone has no value, and a dimension comes from it; map every dimension from the key',
        );
      }
      const startMs = readStart(record, key, value);
      if (!session && startMs % window.advanceMs !== 0) {
        throw new Undecodable(
          'window_misaligned',
          `the window starts at ${startMs}, no multiple of ${window.advanceMs} ms; the window's size in the mapping may be wrong`,
        );
      }
      const endMs = readEnd(startMs, key, value);
      checkFuture(session ? endMs : startMs, nowMs);
      const values = readLabels(key, value);
      const eventMs = readEventTime(record, startMs, endMs, value);
      slice.points.push({
        values,
        startMs,
        endMs,
        measures: bytes === null ? measures.map(() => undefined) : readMeasures(value, text),
        removed: bytes === null,
        keyHash: key.hash,
        placement: key.placement,
        offset: record.offset,
        incarnation,
      });
      if (eventMs !== undefined && (slice.maxEventMs === null || eventMs > slice.maxEventMs)) {
        slice.maxEventMs = eventMs;
      }
    },
  };
}
