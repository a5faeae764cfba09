import type { FieldPath, TopicMapping } from '../domain/mapping';
import type { PayloadPlace, SchemaSource, WithHeaders } from './format';
import { createFormat } from './formats';
import { namesSchema } from './framing';
import { isNow } from './likely-format';
import { pathsIn } from './mapped-paths';
import { murmur2 } from './murmur2';
import { Undecodable } from './undecodable';

/** A decoded key. The object is reused: read it before the next key is decoded. */
export interface DecodedKey {
  /** The inner key: text, number, or an object with fields. `undefined` without a key. */
  content: unknown;
  /** From a windowed key; NaN otherwise. */
  startMs: number;
  /** From a session's key; NaN otherwise. */
  endMs: number;
  /** Hash that distinguishes keys of one point; 0 without a key. */
  hash: number;
  /** murmur2 of the inner key's bytes, by which Java producers choose the partition; 0 without a key. */
  placement: number;
  /** Cached labels of this inner key; null: none yet. */
  labels: readonly string[] | null;
  /** Caches the labels of this inner key. */
  remember(labels: readonly string[]): void;
}

interface KnownKey {
  /** A copy. */
  readonly inner: Buffer;
  readonly content: unknown;
  readonly hash: number;
  readonly placement: number;
  labels: readonly string[] | null;
}

const KNOWN_KEYS = 20_000;
const LONGEST_KNOWN_KEY = 256;
const TWO_TO_32 = 4_294_967_296;

/** Signed 64 bits, big-endian. Inexact above 2^53, beyond any time. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}

/** Deepest nesting of a key with fields. */
const MAX_DEPTH = 32;

/**
 * The part of a key with fields that the mapping does not read: fields in no dimension and no bound of the window, by
 * name. Keys that differ elsewhere belong to different points; keys that differ only in encoding (order of fields,
 * whitespace, Avro schema id, null versus absent fields) are the same key.
 */
function leftOut(content: unknown, mapped: ReadonlySet<string>): string {
  const left: string[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (value === null || value === undefined || mapped.has(pathText(path))) return;
    if (typeof value !== 'object') {
      left.push(JSON.stringify([path, typeof value === 'bigint' ? String(value) : value]));
      return;
    }
    if (path.length === MAX_DEPTH) {
      throw new Undecodable('key_malformed', `the key is nested deeper than ${MAX_DEPTH} levels`);
    }
    for (const [name, field] of Object.entries(value)) walk(field, [...path, name]);
  };
  walk(content, []);
  return left.sort().join();
}

/** Compares the first bytes of a key without a call into native code, which costs more than a short key's bytes. */
function beginsWith(key: Buffer, inner: Buffer): boolean {
  for (let i = 0; i < inner.length; i += 1) if (key[i] !== inner[i]) return false;
  return true;
}

const pathText = (path: FieldPath): string => JSON.stringify(path.map((name) => name.toLowerCase()));

/** Creates the key decoder of a topic. The decoder throws Undecodable or SchemaNeeded. */
export function createKeyDecoder(
  mapping: TopicMapping,
  schemas: SchemaSource | null,
): (key: Buffer | null, record: WithHeaders) => DecodedKey {
  const { windowed } = mapping.key;
  const suffix = windowed === 'none' ? 0 : windowed === 'time' ? 8 : 16;
  const needed =
    windowed !== 'none' ||
    mapping.dimensions.some((source) => source.in === 'key') ||
    (mapping.start.from === 'field' && mapping.start.in === 'key') ||
    (mapping.end.from === 'field' && mapping.end.in === 'key');
  const paths = pathsIn('key', mapping);
  const name = windowed === 'none' ? 'the key' : 'the inner key';
  const place: PayloadPlace = { what: 'key', name, malformed: 'key_malformed', paths };
  const format = createFormat(mapping.key, place, schemas);
  const mapped = new Set(paths.map(pathText));
  const hasFields = needed && format.structured;
  const known = new Map<number, KnownKey>();
  let current: KnownKey | null = null;
  const decoded: DecodedKey = {
    content: undefined,
    startMs: Number.NaN,
    endMs: Number.NaN,
    hash: 0,
    placement: 0,
    labels: null,
    remember: (labels) => {
      if (current !== null) current.labels = labels;
    },
  };

  return (key, record) => {
    if (key === null) {
      if (needed) throw new Undecodable('key_missing', 'the record has no key, and the mapping reads one');
      current = null;
      decoded.content = undefined;
      decoded.hash = 0;
      decoded.placement = 0;
      decoded.labels = null;
      return decoded;
    }
    const inner = key.length - suffix;
    if (inner < 0) {
      throw new Undecodable(
        'key_length',
        `the key has ${key.length} bytes, and the window's bounds alone are ${suffix}; ${
          suffix === 16 && key.length >= 8 && isNow(key.readBigInt64BE(key.length - 8))
            ? 'its last 8 are the start of a window: say `windowed: time`'
            : 'if the key is plain, say `windowed: none` and where the window starts (`time: { start: … }`)'
        }`,
      );
    }
    // With the schema in a header, equal bytes may be another key.
    const isKept = inner <= LONGEST_KNOWN_KEY && !(hasFields && namesSchema(record, place));
    const placement = murmur2(key, 0, inner);
    let entry = isKept ? known.get(placement) : undefined;
    if (entry === undefined || entry.inner.length !== inner || !beginsWith(key, entry.inner)) {
      let content = needed ? format.read(key, 0, inner, record) : undefined;
      if (needed && format.roundedIntegers?.() === true) content = format.exactContent?.() ?? content;
      const hash = hasFields ? murmur2(Buffer.from(leftOut(content, mapped))) : placement;
      entry = { inner: Buffer.from(key.subarray(0, inner)), content, hash, placement, labels: null };
      if (isKept) {
        if (known.size >= KNOWN_KEYS) known.clear();
        known.set(placement, entry);
      }
    }
    current = entry;
    decoded.content = entry.content;
    decoded.hash = entry.hash;
    decoded.placement = entry.placement;
    decoded.labels = entry.labels;
    if (windowed === 'time') decoded.startMs = int64(key, inner);
    else if (windowed === 'session') {
      decoded.endMs = int64(key, inner);
      decoded.startMs = int64(key, inner + 8);
    }
    return decoded;
  };
}
