import type { Metric } from './metric';

/** How the records of one topic become points of one metric: what metrics.yaml says, checked. Pure data. */

/** Names from the outside in, e.g. `['properties', 'amount']`. Matched exactly first, then in any case. */
export type FieldPath = readonly string[];

/** How a time is written in a field. `text`: ISO 8601, or SQL's `yyyy-MM-dd HH:mm:ss[.SSS]` which has no zone of its own. */
export type TimeUnit = 'ms' | 's' | 'us' | 'ns' | 'text';

export interface TimeField {
  readonly path: FieldPath;
  readonly unit: TimeUnit;
  /** The zone of texts without one; absent: UTC. */
  readonly timeZone?: string;
}

/** Where a value is read: the record's key (the whole of a primitive one: empty path) or its value. */
export interface FieldSource {
  readonly in: 'key' | 'value';
  readonly path: FieldPath;
}

/** Formats of a whole payload that is one value, as Kafka's own serializers write it: text, or a big-endian number. */
export const BARE_FORMATS = ['string', 'short', 'int', 'long', 'bigint', 'float', 'double'] as const;
/** Formats of payloads with fields. */
export const FIELD_FORMATS = ['json', 'avro', 'protobuf', 'delimited'] as const;

/** `none`: a key that is not read. */
export type FormatName = 'none' | (typeof BARE_FORMATS)[number] | (typeof FIELD_FORMATS)[number];

/** How a record's key or value is written. */
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
  /** avro with a file: what comes before the Avro. */
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
  /** What moves the watermark: by default the record's timestamp (Kafka Streams puts the newest event time there). */
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
