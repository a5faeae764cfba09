import type { FieldPath, TopicMapping } from '../../domain/mapping';
import { parseJson, utf8Text } from './json-text';
import { murmur2 } from './murmur2';
import type { AvroReader } from './record-decoder';
import { Undecodable } from './undecodable';

/** What a record's key says. The object is reused: read it before the next key is decoded. */
export interface DecodedKey {
  /** The inner key: text, number, or an object with fields. `undefined` without a key. */
  content: unknown;
  /** From a windowed key; NaN otherwise. */
  startMs: number;
  /** From a session's key; NaN otherwise. */
  endMs: number;
  hash: number;
  /** The labels that this inner key gave last time; null: not known yet. */
  labels: readonly string[] | null;
  /** Keeps the labels for the next record with this inner key. */
  remember(labels: readonly string[]): void;
}

interface KnownKey {
  readonly content: unknown;
  readonly hash: number;
  labels: readonly string[] | null;
}

const KNOWN_KEYS = 20_000;
const LONGEST_KNOWN_KEY = 256;
const TWO_TO_32 = 4_294_967_296;
const FIXED_LENGTH = { int: 4, bigint: 8, double: 8 } as const;

/** Signed 64 bits, big-endian. Inexact past 2^53, where no time lies. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}

/**
 * The identity of a plain key is its bytes: a producer partitions by them. A session's key may hold the window's
 * bounds as fields; the end moves while the session grows, so the bounds are taken out before hashing.
 */
function identityOf(mapping: TopicMapping, content: unknown): string | null {
  if (mapping.metric.window.type !== 'session' || mapping.key.windowed !== 'none') return null;
  const bounds: FieldPath[] = [mapping.start, mapping.end].flatMap((bound) =>
    bound.from === 'field' && bound.in === 'key' ? [bound.path] : [],
  );
  if (bounds.length === 0 || typeof content !== 'object' || content === null) return null;
  const names = new Set(bounds.map((path) => path[0]?.toLowerCase()));
  try {
    return JSON.stringify(Object.entries(content).filter(([name]) => !names.has(name.toLowerCase())));
  } catch (error) {
    throw new Undecodable('key_malformed', 'the key is nested too deep', { cause: error });
  }
}

/** Reads the keys of a topic. The function throws Undecodable or SchemaNeeded. */
export function createKeyDecoder(
  mapping: TopicMapping,
  avro: AvroReader,
): (key: Buffer | null) => DecodedKey {
  const { format, windowed } = mapping.key;
  const suffix = windowed === 'none' ? 0 : windowed === 'time' ? 8 : 16;
  const needed =
    windowed !== 'none' ||
    mapping.dimensions.some((source) => source.in === 'key') ||
    (mapping.start.from === 'field' && mapping.start.in === 'key') ||
    (mapping.end.from === 'field' && mapping.end.in === 'key');
  const known = new Map<string, KnownKey>();
  let current: KnownKey | null = null;
  const decoded: DecodedKey = {
    content: undefined,
    startMs: Number.NaN,
    endMs: Number.NaN,
    hash: 0,
    labels: null,
    remember: (labels) => {
      if (current !== null) current.labels = labels;
    },
  };

  const readContent = (key: Buffer, to: number): unknown => {
    switch (format) {
      case 'none':
        return undefined;
      case 'string':
        return utf8Text(key, 0, to, 'key_malformed');
      case 'json':
        return parseJson(utf8Text(key, 0, to, 'key_malformed'), 'key', 'key_malformed');
      case 'avro':
        return avro.decode(key, 0, to, 'key');
      case 'int':
      case 'bigint':
      case 'double': {
        if (to !== FIXED_LENGTH[format]) {
          throw new Undecodable(
            'key_length',
            `the key has ${key.length} bytes; ${windowed === 'none' ? 'a' : `a windowed (${windowed})`} ${format} key has ${FIXED_LENGTH[format] + suffix}`,
          );
        }
        if (format === 'int') return key.readInt32BE(0);
        return format === 'bigint' ? key.readBigInt64BE(0) : key.readDoubleBE(0);
      }
    }
  };

  return (key) => {
    if (key === null) {
      if (needed) throw new Undecodable('key_missing', 'the record has no key, and the mapping reads one');
      current = null;
      decoded.content = undefined;
      decoded.hash = 0;
      decoded.labels = null;
      return decoded;
    }
    const inner = key.length - suffix;
    if (inner < 0) {
      throw new Undecodable(
        'key_length',
        `the key has ${key.length} bytes, and the window's bounds alone are ${suffix}; is the key windowed (${windowed})?`,
      );
    }
    const memo = inner <= LONGEST_KNOWN_KEY ? key.toString('latin1', 0, inner) : null;
    let entry = memo === null ? undefined : known.get(memo);
    if (entry === undefined) {
      const content = needed ? readContent(key, inner) : undefined;
      const identity = identityOf(mapping, content);
      const hash = identity === null ? murmur2(key, 0, inner) : murmur2(Buffer.from(identity));
      entry = { content, hash, labels: null };
      if (memo !== null) {
        if (known.size >= KNOWN_KEYS) known.clear();
        known.set(memo, entry);
      }
    }
    current = entry;
    decoded.content = entry.content;
    decoded.hash = entry.hash;
    decoded.labels = entry.labels;
    if (windowed === 'time') decoded.startMs = int64(key, inner);
    else if (windowed === 'session') {
      decoded.endMs = int64(key, inner);
      decoded.startMs = int64(key, inner + 8);
    }
    return decoded;
  };
}
