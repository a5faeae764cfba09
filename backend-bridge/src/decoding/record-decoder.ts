import type { FieldPath, TopicMapping } from '../domain/mapping';
import type { PointWrite } from '../domain/point';
import { changePaths, createChangeReader } from './change-events';
import { fieldReader } from './field-path';
import type { SchemaSource, WithHeaders } from './format';
import { createFormat } from './formats';
import { jsonInText } from './json-text';
import { createKeyDecoder, type DecodedKey } from './key-decoder';
import { pathsIn } from './mapped-paths';
import { insteadOf } from './missing-field';
import type { Refusal } from './refusal';
import { shown, toLabel, toNumber, withinDouble } from './scalar';
import { Undecodable } from './undecodable';
import { createWindowReader } from './window-reader';

/** A Kafka record. */
export interface RawRecord extends WithHeaders {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: number;
  /** The record's timestamp in ms; -1: none. */
  readonly timestampMs: number;
  /** Why it was skipped unread; it may then cover several offsets. Absent: it was read. */
  readonly refusal?: Refusal | null;
}

/** The points of one slice of a partition, for one metric. */
export interface DecodedPoints {
  readonly points: PointWrite[];
  /** Newest event time seen; null: none. */
  maxEventMs: number | null;
}

export interface RecordDecoder {
  /**
   * Adds the record's point, after the removal of another one where an update of a row has moved it. Adds nothing for the
   * tombstone that Debezium sends after the event of a delete. Throws Undecodable or SchemaNeeded; the slice is unchanged then.
   * `nowMs`: windows that begin later than FUTURE_TOLERANCE_MS after it are refused.
   */
  decodeInto(slice: DecodedPoints, record: RawRecord, incarnation: number, nowMs: number): void;
}

export interface DecoderHooks {
  /** Null: no Schema Registry is set. */
  readonly schemas: SchemaSource | null;
  /** An integer past 2^53 became the nearest double. */
  readonly onUnsafeInteger: (measure: string) => void;
}

const dotted = (path: readonly string[]): string => path.join('.');

/** Message for a value without fields of which the mapping reads one. */
function notFields(value: unknown, field: string): string {
  if (value === undefined) return 'the value is null in JSON; a delete is a record without a value';
  const has = `the value is ${shown(value)}, not an object with fields`;
  if (typeof value === 'object') return has;
  return `${has}, and the mapping reads ${field}; for the value itself say \`field: $\``;
}

const same = (content: unknown): unknown => content;

/** Whether the double may represent several integers. */
const isLong = (number: number): boolean => Number.isInteger(number) && !Number.isSafeInteger(number);

/** Creates the decoder from a mapping's records to points of its metric. Pure. */
export function createRecordDecoder(mapping: TopicMapping, hooks: DecoderHooks): RecordDecoder {
  const { metric } = mapping;
  const keyDecoder = createKeyDecoder(mapping, hooks.schemas);
  const paths = pathsIn('value', mapping);
  const firstField = paths.find((path) => path.length > 0);
  const change = createChangeReader(mapping);
  const removedRow = (content: unknown): unknown => change.removedRow(content);
  const valueFormat = createFormat(
    mapping.value,
    {
      what: 'value',
      name: 'the value',
      malformed: 'value_malformed',
      paths: [...paths, ...changePaths(mapping)],
    },
    hooks.schemas,
  );
  const windows = createWindowReader(mapping);
  const exact = valueFormat.roundedIntegers === undefined;
  const dimensions = mapping.dimensions.map((source, index) => ({
    inKey: source.in === 'key',
    read: fieldReader(source.path),
    name: `dimension ${metric.dimensions[index]?.name ?? dotted(source.path)}`,
  }));
  const onlyKeyLabels = dimensions.every((dimension) => dimension.inKey);
  const missing = (value: unknown, path: FieldPath, name: string): string =>
    `the value has no ${name} (or it is null)${valueFormat.insteadOf?.(path) ?? insteadOf(value, path)}`;
  const measures = mapping.measures.map(({ path, optional }, index) => ({
    path,
    read: fieldReader(path),
    optional,
    name: path.length === 0 ? 'value' : dotted(path),
    measure: metric.measures[index]?.name ?? dotted(path),
  }));

  /** @param row the row of content that was decoded again */
  const readLabels = (
    key: DecodedKey,
    value: unknown,
    row: (content: unknown) => unknown,
  ): readonly string[] => {
    if (onlyKeyLabels && key.labels !== null) return key.labels;
    const labels = dimensions.map(({ inKey, read, name }) => {
      const label = read(inKey ? key.content : value);
      if (inKey || typeof label !== 'number' || !isLong(label)) return toLabel(label, name);
      return toLabel(read(row(valueFormat.exactContent?.() ?? value)), name);
    });
    if (onlyKeyLabels) key.remember(labels);
    return labels;
  };

  const readMeasures = (value: unknown): (number | undefined)[] => {
    const numbers = new Array<number | undefined>(measures.length);
    for (let i = 0; i < measures.length; i += 1) {
      const { path, read, optional, name, measure } = measures[i]!;
      const raw = read(value);
      // JSON has no infinity: it is the result of a number with too many digits.
      const number = typeof raw !== 'number' ? toNumber(raw, name) : exact ? raw : withinDouble(raw, name);
      if (number === undefined) {
        if (!optional) throw new Undecodable('missing_field', missing(value, path, name));
      } else if (
        (number > Number.MAX_SAFE_INTEGER || number < Number.MIN_SAFE_INTEGER) &&
        Number.isInteger(number) &&
        (typeof raw === 'bigint' || valueFormat.roundedIntegers?.() === true)
      ) {
        hooks.onUnsafeInteger(measure);
      }
      numbers[i] = number;
    }
    return numbers;
  };

  const readValue = (bytes: Buffer, record: RawRecord): unknown => {
    const content = valueFormat.read(bytes, 0, bytes.length, record);
    if (firstField === undefined || content === null) return content;
    const value = typeof content === 'string' ? (jsonInText(content) ?? content) : content;
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new Undecodable('value_malformed', notFields(value, dotted(firstField)));
    }
    return value;
  };

  /** The content with the digits of integers that were rounded: two ids may round to one double. */
  const exactly = (value: unknown): unknown => {
    const exact = valueFormat.roundedIntegers?.() === true ? valueFormat.exactContent?.() : undefined;
    return typeof exact === 'object' ? exact : value;
  };

  /** The removal of the point that the row had before it moved; null where it had none. */
  const readReplaced = (
    record: RawRecord,
    key: DecodedKey,
    before: unknown,
    point: PointWrite,
  ): PointWrite | null => {
    try {
      // What was stored was not ahead of its time; it need not be looked at again.
      const { startMs, endMs } = windows.read(record, key, before, Number.POSITIVE_INFINITY);
      const values = readLabels(key, before, (content) => change.replacedRow(content) ?? before);
      return { ...point, values, startMs, endMs, measures: measures.map(() => undefined), removed: true };
    } catch (error) {
      // A row that could not be read had no point.
      if (error instanceof Undecodable) return null;
      throw error;
    }
  };

  return {
    decodeInto: (slice, record, incarnation, nowMs) => {
      const { refusal, value: bytes } = record;
      if (refusal) throw new Undecodable(refusal.reason, refusal.message);
      if (bytes === null && change.deletesByEvent) return;
      const key = keyDecoder(record.key, record);
      let value = bytes === null ? null : readValue(bytes, record);
      // Or null in Connect's envelope.
      const isTombstone = value === null;
      if (isTombstone && change.deletesByEvent) return;
      const changed = !isTombstone && firstField !== undefined;
      const removed = isTombstone || (changed && change.removes(value));
      const row = removed && !isTombstone ? removedRow : same;
      const moved =
        change.deletesByEvent && changed && !removed && change.replacedRow(exactly(value)) !== null;
      const before = moved ? change.removedRow(value) : null;
      value = row(value);
      if (isTombstone && !onlyKeyLabels) {
        throw new Undecodable(
          'tombstone_incomplete',
          'a tombstone has no value, and a dimension comes from it; map every dimension from the key',
        );
      }
      const { startMs, endMs, eventMs } = windows.read(record, key, value, nowMs);
      const point: PointWrite = {
        values: readLabels(key, value, row),
        startMs,
        endMs,
        measures: removed ? measures.map(() => undefined) : readMeasures(value),
        removed,
        keyHash: key.hash,
        placement: key.placement,
        offset: record.offset,
        incarnation,
      };
      if (before !== null) {
        const replaced = readReplaced(record, key, before, point);
        if (replaced !== null) slice.points.push(replaced);
      }
      slice.points.push(point);
      if (eventMs !== undefined && (slice.maxEventMs === null || eventMs > slice.maxEventMs)) {
        slice.maxEventMs = eventMs;
      }
    },
  };
}
