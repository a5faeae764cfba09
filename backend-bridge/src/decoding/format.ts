/** How the bytes of a key or a value become content: the port that every format is behind. */
import type { FieldPath, PayloadMapping } from '../domain/mapping';
import type { UndecodableReason } from './undecodable';

/** A registry's name of a schema: its number, or its GUID in lower-case hex with dashes. */
export type SchemaId = number | string;

/** A schema as a registry has it. One object for each schema, so that what is parsed from it can be kept with it. */
export interface RegisteredSchema {
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly text: string;
  /** What the text refers to, each after those it needs itself; `name` is a type's (Avro) or an import's (Protobuf). */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}

/** The schema, or why there will be none. */
export type SchemaAnswer = RegisteredSchema | { readonly unknown: string };

/** Schemas that have been fetched. */
export interface SchemaSource {
  /** `undefined`: not fetched yet; SchemaNeeded is thrown then, and the record is read again afterwards. */
  known(id: SchemaId): SchemaAnswer | undefined;
}

/** The headers of a record, parsed when they are asked for: few formats need them. */
export interface WithHeaders {
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[] | undefined>> | undefined;
}

/** Where a payload is, and how its faults are called. */
export interface PayloadPlace {
  readonly what: 'key' | 'value';
  /** For sentences: `the key`, `the inner key`, `the value`. */
  readonly name: string;
  readonly malformed: Extract<UndecodableReason, 'key_malformed' | 'value_malformed'>;
  /** The fields that the mapping reads in it; null: all of them. */
  readonly paths: readonly FieldPath[] | null;
}

/** Reads payloads of one format with the settings of one mapping. */
export interface Format {
  /**
   * The content of `bytes` from `from` to `to`: an object with fields, or a bare value. An integer that a double
   * cannot hold is a bigint, unless roundedIntegers() says otherwise. Throws Undecodable or SchemaNeeded.
   */
  read(bytes: Buffer, from: number, to: number, record: WithHeaders): unknown;
  /** Whether the content last read may have integers that became the nearest double. Absent: it never has. */
  roundedIntegers?(): boolean;
  /** The content last read once more, with such integers as their digits. Absent with roundedIntegers(). */
  exactContent?(): unknown;
  /** One content has several spellings (the order of fields, blanks, schema ids), so bytes do not identify it. */
  readonly structured: boolean;
}

/** What reads a record's key, and what reads its value: any format serves for both. */
export type KeyFormat = Format;
export type ValueFormat = Format;

/** Makes a format from the part of a mapping that names it. Throws StartRefusedError where its settings are wrong. */
export type FormatFactory = (
  mapping: PayloadMapping,
  place: PayloadPlace,
  schemas: SchemaSource | null,
) => Format;
