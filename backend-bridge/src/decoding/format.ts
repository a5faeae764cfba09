/** Port of the formats, which decode the bytes of a key or value to content. */
import type { FieldPath, PayloadMapping } from '../domain/mapping';
import type { UndecodableReason } from './undecodable';

/** Schema id of a registry: a number, or a GUID in lower-case hex with dashes. */
export type SchemaId = number | string;

/** A registered schema. One object per schema, so that parsed forms can be cached by it. */
export interface RegisteredSchema {
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly text: string;
  /** References of the schema, dependencies first; `name` is that of a type (Avro) or an import (Protobuf). */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}

/** The schema, or why it cannot be loaded. */
export type SchemaAnswer = RegisteredSchema | { readonly unknown: string };

/** Schemas that have been fetched. */
export interface SchemaSource {
  /** `undefined`: not loaded yet; SchemaNeeded is then thrown, and the record is decoded again later. */
  known(id: SchemaId): SchemaAnswer | undefined;
}

/** The headers of a record, decoded lazily: few formats need them. */
export interface WithHeaders {
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[] | undefined>> | undefined;
}

/** Position of a payload, and its name in error messages. */
export interface PayloadPlace {
  readonly what: 'key' | 'value';
  /** For error messages: `the key`, `the inner key`, `the value`. */
  readonly name: string;
  readonly malformed: Extract<UndecodableReason, 'key_malformed' | 'value_malformed'>;
  /** Paths of the mapped fields; null: all. */
  readonly paths: readonly FieldPath[] | null;
}

/** Decoder of payloads of one format with the settings of one mapping. */
export interface Format {
  /**
   * The content of `bytes` from `from` to `to`: an object with fields, or a bare value; null for a delete, `undefined`
   * for JSON's null. An integer that a double
   * cannot hold is a bigint, unless roundedIntegers() says otherwise. Throws Undecodable or SchemaNeeded.
   */
  read(bytes: Buffer, from: number, to: number, record: WithHeaders): unknown;
  /** Whether the last content may have integers that were rounded to doubles. Absent: never. */
  roundedIntegers?(): boolean;
  /** The last content decoded again, with such integers as digits. Absent with roundedIntegers(). */
  exactContent?(): unknown;
  /** What the last content's schema has in place of a missing field, as the end of a sentence. Absent: see the content. */
  insteadOf?(path: FieldPath): string;
  /** One content has several spellings (the order of fields, blanks, schema ids), so bytes do not identify it. */
  readonly structured: boolean;
}

/** Creates a format from its mapping. Throws StartRefusedError for invalid settings. */
export type FormatFactory = (
  mapping: PayloadMapping,
  place: PayloadPlace,
  schemas: SchemaSource | null,
) => Format;
