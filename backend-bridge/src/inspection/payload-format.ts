import type { PayloadPlace, SchemaSource } from '../decoding/format';
import { createFormat } from '../decoding/formats';
import { schemaHeader } from '../decoding/framing';
import { jsonInText } from '../decoding/json-text';
import { isText } from '../decoding/likely-format';
import { SchemaNeeded } from '../decoding/undecodable';
import type { FormatName, PayloadMapping } from '../domain/mapping';
import type { SampledRecord } from '../decoding/topic-sample';
import { because, notInspectable, unsure, type Note } from './sample';

/** A key without its window, or a value; null: the record has none. */
export interface Payload {
  readonly bytes: Buffer | null;
  readonly record: SampledRecord;
}

/** How payloads are written, and what they say when they are read so. */
export interface DetectedFormat {
  readonly mapping: PayloadMapping;
  /** By payload; `undefined`: there is none, or it cannot be read. */
  readonly contents: readonly unknown[];
  readonly notes: readonly Note[];
}

interface Candidate {
  readonly mapping: PayloadMapping;
  readonly reason: string;
  /** Whether content that could be read makes sense. */
  readonly plausible: (content: unknown) => boolean;
  readonly doubt?: string;
}

type What = 'key' | 'value';

/** More schemas in one sample are bytes that only look like their ids. */
const MOST_SCHEMAS = 20;
const DELIMITERS = [',', '\t', ';', '|'] as const;
const LARGEST_LONG = 10n ** 15n;
const LARGEST_INT = 500_000_000;

const isObject = (content: unknown): boolean =>
  typeof content === 'object' && content !== null && !Array.isArray(content);

const isPlausibleDouble = (content: unknown): boolean => {
  const size = Math.abs(Number(content));
  return size === 0 || (size > 1e-9 && size < 1e18);
};

const NUMBERS: readonly {
  readonly bytes: number;
  readonly format: FormatName;
  readonly plausible: (content: unknown) => boolean;
}[] = [
  {
    bytes: 8,
    format: 'long',
    plausible: (content) => (content as bigint) > -LARGEST_LONG && (content as bigint) < LARGEST_LONG,
  },
  { bytes: 8, format: 'double', plausible: isPlausibleDouble },
  { bytes: 4, format: 'int', plausible: (content) => Math.abs(content as number) < LARGEST_INT },
  { bytes: 4, format: 'float', plausible: isPlausibleDouble },
  { bytes: 2, format: 'short', plausible: () => true },
];

/** The id of a Schema Registry before the payload or in a header, as text; null: none. */
function registryId({ bytes, record }: Payload, place: PayloadPlace): string | null {
  const header = schemaHeader(record, place);
  if (header !== null) return header.toString('hex', 0, 17);
  if (bytes === null) return null;
  if (bytes[0] === 0 && bytes.length > 5) return bytes.toString('hex', 0, 5);
  return bytes[0] === 1 && bytes.length > 17 ? bytes.toString('hex', 0, 17) : null;
}

const isGlue = ({ bytes }: Payload): boolean =>
  bytes !== null && bytes[0] === 3 && bytes.length > 18 && (bytes[1] === 0 || bytes[1] === 5);

/** As many columns in every line, at least two; null: these are not delimited. */
function delimitedMapping(texts: readonly string[], delimiter: string): PayloadMapping | null {
  const outsideQuotes = (text: string): string => text.replace(/"(?:[^"]|"")*"/g, '');
  const counts = texts.map((text) => outsideQuotes(text).split(delimiter).length);
  const [first = 0] = counts;
  if (first < 2 || counts.some((count) => count !== first)) return null;
  const columns = Array.from({ length: first }, (_, index) => `column_${index + 1}`);
  const named = delimiter === '\t' ? 'TAB' : delimiter;
  return { format: 'delimited', columns, ...(named !== ',' && { delimiter: named }) };
}

/** The ways in which these payloads may be written, the surest first. */
function candidatesOf(payloads: readonly Payload[], what: What, place: PayloadPlace): Candidate[] {
  const present = payloads.flatMap(({ bytes }) => (bytes === null ? [] : [bytes]));
  const texts = present.filter(isText).map((bytes) => bytes.toString('utf8'));
  const allText = texts.length * 2 > present.length;
  const candidates: Candidate[] = [
    {
      mapping: { format: 'json' },
      reason: 'JSON objects',
      plausible: (content) => isObject(typeof content === 'string' ? jsonInText(content) : content),
    },
  ];
  const ids = new Set(payloads.flatMap((payload) => registryId(payload, place) ?? []));
  if (ids.size > 0 && ids.size <= MOST_SCHEMAS) {
    for (const format of ['avro', 'protobuf'] as const) {
      const reason = `the id of a Schema Registry is before them, and that schema is ${format === 'avro' ? 'Avro' : 'Protobuf'}`;
      candidates.push({ mapping: { format }, reason, plausible: () => true });
    }
  }
  if (!allText) {
    for (const { bytes, format, plausible } of NUMBERS) {
      const reason = `all have ${bytes} bytes, which read as a ${format} are plausible numbers`;
      candidates.push({ mapping: { format }, reason, plausible });
    }
    return candidates;
  }
  if (texts.every((text) => /^\s*"/.test(text))) {
    candidates.push({
      mapping: { format: 'json' },
      reason: 'JSON texts in quotes',
      plausible: (content) => typeof content === 'string',
    });
  }
  if (texts.every((text) => /^\s*\{\s*"(?:schema|payload)"\s*:/.test(text))) {
    candidates.push({
      mapping: { format: 'json' },
      reason: "single values in Kafka Connect's envelope",
      plausible: (content) => typeof content === 'string' || typeof content === 'number',
    });
  }
  if (what === 'value') {
    candidates.push({
      mapping: { format: 'json' },
      reason: 'each is a number in digits',
      plausible: (content) => typeof content === 'number',
    });
    for (const delimiter of DELIMITERS) {
      const mapping = delimitedMapping(texts, delimiter);
      if (mapping === null) continue;
      candidates.push({
        mapping,
        reason: `each is ${mapping.columns!.length} columns of text`,
        plausible: () => true,
        doubt: 'delimited text does not name its columns: give them their names, here and below',
      });
    }
  }
  candidates.push({ mapping: { format: 'string' }, reason: 'plain text', plausible: () => true });
  return candidates;
}

/** Contents by payload, read as the candidate says. Throws SchemaNeeded. */
function readAs(
  { mapping, plausible }: Candidate,
  payloads: readonly Payload[],
  place: PayloadPlace,
  schemas: SchemaSource | null,
): unknown[] {
  const format = createFormat(mapping, place, schemas);
  return payloads.map(({ bytes, record }) => {
    if (bytes === null) return undefined;
    try {
      const content = format.read(bytes, 0, bytes.length, record);
      return plausible(content) ? content : undefined;
    } catch (error) {
      if (error instanceof SchemaNeeded) throw error;
      return undefined;
    }
  });
}

function unreadable(payloads: readonly Payload[], what: What, schemas: SchemaSource | null): string {
  const present = payloads.filter(({ bytes }) => bytes !== null);
  const place: PayloadPlace = { what, name: what, malformed: `${what}_malformed`, paths: null };
  const framed = present.filter((payload) => registryId(payload, place) !== null).length;
  if (present.filter(isGlue).length * 2 > present.length) {
    return `The ${what}s begin as the AWS Glue Schema Registry writes them, which is not asked: download the schema, and write the mapping with \`${what}: { format: avro, schema: orders.avsc, framing: glue }\` (or \`protobuf\`).`;
  }
  if (framed * 2 > present.length) {
    const why =
      schemas === null
        ? 'set SCHEMA_REGISTRY_URL and inspect again'
        : 'the registry of SCHEMA_REGISTRY_URL has no Avro or Protobuf schema of that id, so it may be another one’s';
    return `The ${what}s begin with the id of a Schema Registry; ${why}.`;
  }
  const bytes = present[0]!.bytes!;
  return `The ${what}s (the first has ${bytes.length} bytes and begins with ${bytes.toString('hex', 0, 8)}) are not JSON, text, a number of Kafka's serializers or bytes with a schema id. If they are Avro or Protobuf without a registry, only their schema can tell: write the mapping with \`${what}: { format: protobuf, schema: orders.proto }\` (or \`avro\`), and try it with --check.`;
}

/**
 * The format that reads most of these payloads. Throws SchemaNeeded for a schema that is not fetched yet, and
 * RequestError where no format reads half of them.
 */
export function detectFormat(
  payloads: readonly Payload[],
  what: What,
  schemas: SchemaSource | null,
): DetectedFormat {
  const place: PayloadPlace = { what, name: `the ${what}`, malformed: `${what}_malformed`, paths: null };
  const present = payloads.filter(({ bytes }) => bytes !== null).length;
  let best: { candidate: Candidate; contents: unknown[]; read: number } | null = null;
  for (const candidate of candidatesOf(payloads, what, place)) {
    const contents = readAs(candidate, payloads, place, schemas);
    const read = contents.filter((content) => content !== undefined).length;
    if (best === null || read > best.read) best = { candidate, contents, read };
    if (read === present) break;
  }
  if (best === null || best.read * 2 <= present) {
    throw notInspectable(unreadable(payloads, what, schemas));
  }
  const { candidate, contents, read } = best;
  const notes: Note[] = [because(candidate.reason)];
  if (candidate.doubt !== undefined) notes.push(unsure(candidate.doubt));
  if (read < present) {
    notes.push(unsure(`${present - read} of ${present} cannot be read so and would be dead letters`));
  }
  return { mapping: candidate.mapping, contents, notes };
}
