import type { Metric } from './metric';

/** Mapping of a topic's records to points of a metric: metrics.yaml, validated. Pure data. */

/** Names from the outside in, e.g. `['properties', 'amount']`. Matched exactly first, then in any case. */
export type FieldPath = readonly string[];

/**
 * Encoding of a time in a field. `text`: ISO 8601, or SQL's `yyyy-MM-dd HH:mm:ss[.SSS]` which has no zone of its own.
 */
export type TimeUnit = 'ms' | 's' | 'us' | 'ns' | 'text';

export interface TimeField {
  readonly path: FieldPath;
  readonly unit: TimeUnit;
  /** The zone of texts without one; absent: UTC. */
  readonly timeZone?: string;
}

/** Source of a value: the record's key (an empty path for the whole of a primitive key) or its value. */
export interface FieldSource {
  readonly in: 'key' | 'value';
  readonly path: FieldPath;
}

/** Formats of a payload that is a single value, as Kafka's serializers write it: text, or a big-endian number. */
export const BARE_FORMATS = ['string', 'short', 'int', 'long', 'bigint', 'float', 'double'] as const;
/** Formats of payloads with fields. */
export const FIELD_FORMATS = ['json', 'avro', 'protobuf', 'delimited'] as const;

/** `none`: the key is ignored. */
export type FormatName = 'none' | (typeof BARE_FORMATS)[number] | (typeof FIELD_FORMATS)[number];

/** Encoding of a record's key or value. */
export interface PayloadMapping {
  readonly format: FormatName;
  /** delimited: the names of the columns, in their order. */
  readonly columns?: readonly string[] | undefined;
  /** delimited: one character, `TAB` or `SPACE`; a comma by default. */
  readonly delimiter?: string | undefined;
  /** avro, protobuf: the schema as a file, in place of a registry's. */
  readonly schema?: { readonly path: string; readonly bytes: Uint8Array };
  /** protobuf with a file: the full name of the message. */
  readonly message?: string | undefined;
  /** avro with a file: the framing before the Avro bytes. */
  readonly framing?: 'none' | 'confluent' | 'glue' | undefined;
}

export interface TopicMapping {
  readonly metric: Metric;
  readonly topic: string;
  /** `time`: inner key + 8-byte start. `session`: inner key + 8-byte end + 8-byte start. */
  readonly key: PayloadMapping & { readonly windowed: 'none' | 'time' | 'session' };
  readonly value: PayloadMapping;
  /** Where the window's start is read; `key`: the bytes behind a windowed key; `end`: reckoned from the end. */
  readonly start:
    | { readonly from: 'key' }
    | { readonly from: 'end' }
    | { readonly from: 'timestamp' }
    | ({ readonly from: 'field'; readonly in: 'key' | 'value' } & TimeField);
  /** `size`: start + the window's size. Sessions have `key` or `field`. */
  readonly end:
    | { readonly from: 'key' }
    | { readonly from: 'size' }
    | ({ readonly from: 'field'; readonly in: 'key' | 'value' } & TimeField);
  /**
   * Source of the event time that moves the watermark: by default the record's timestamp, which Kafka Streams sets to
   * the newest event time.
   */
  readonly eventTime:
    | { readonly from: 'timestamp' }
    | { readonly from: 'start' }
    | { readonly from: 'end' }
    | ({ readonly from: 'field'; readonly in: 'value' } & TimeField);
  /** In the order of metric.dimensions. */
  readonly dimensions: readonly FieldSource[];
  /** In the order of metric.measures. */
  readonly measures: readonly { readonly path: FieldPath; readonly optional: boolean }[];
}
