import { inflateSync } from 'node:zlib';
import type { PayloadPlace, RegisteredSchema, SchemaId, SchemaSource, WithHeaders } from './format';
import { likelyText } from './likely-format';
import { SchemaNeeded, Undecodable } from './undecodable';

/** Schema references that registry serializers write before a payload, or into the record's headers. */

/** Confluent: `00`, 4 bytes of id. `01`, 16 bytes of GUID. AWS Glue: `03`, compression, 16 bytes of version. */
const ID = 0;
const GUID = 1;
const GLUE = 3;
const ID_BYTES = 5;
const GUID_BYTES = 17;
const GLUE_BYTES = 18;
const GLUE_ZLIB = 5;
const MAX_SCHEMA_ID = 0x7fffffff;
/** Size limit of an unpacked record. */
const MAX_INFLATED_BYTES = 4_194_304;

export interface Frame {
  /** Null: a schema version in AWS Glue, which is not queried. */
  readonly schema: SchemaId | null;
  readonly bytes: Buffer;
  /** Offset of the payload in `bytes`. */
  readonly from: number;
  /** The rest of the schema header: it contains Protobuf's message indexes, not the body. */
  readonly header: Buffer | null;
}

function guidAt(bytes: Buffer, from: number): string {
  const hex = bytes.toString('hex', from, from + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The Confluent schema id or GUID at the start of `bytes`; null: none. */
function idOf(bytes: Buffer): Frame | null {
  if (bytes[0] === ID && bytes.length >= ID_BYTES) {
    return { schema: bytes.readUInt32BE(1), bytes, from: ID_BYTES, header: null };
  }
  if (bytes[0] === GUID && bytes.length >= GUID_BYTES) {
    return { schema: guidAt(bytes, 1), bytes, from: GUID_BYTES, header: null };
  }
  return null;
}

function glueBody(bytes: Buffer, { name, malformed }: PayloadPlace): Buffer {
  const body = bytes.subarray(GLUE_BYTES);
  if (bytes[1] === 0) return body;
  if (bytes[1] !== GLUE_ZLIB) {
    throw new Undecodable(
      malformed,
      `${name} has compression ${bytes[1]} of AWS Glue; 0 and 5 (zlib) are known`,
    );
  }
  try {
    return inflateSync(body, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    throw new Undecodable(malformed, `${name} cannot be unpacked (zlib): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A payload without a frame. */
export const payloadOf = (bytes: Buffer, from: number, to: number): Buffer =>
  from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);

const HEADERS = { key: '__key_schema_id', value: '__value_schema_id' } as const;

/** The header in which Confluent's serializers put the schema's GUID; null: none. */
export function schemaHeader({ headers }: WithHeaders, { what }: PayloadPlace): Buffer | null {
  const header = headers?.[HEADERS[what]];
  return Buffer.isBuffer(header) ? header : (header?.[0] ?? null);
}

/** The id of a schema in Apicurio's registry, where its serializers put it into a header; null: none. */
function apicurioId({ headers }: WithHeaders, { what }: PayloadPlace): number | null {
  for (const name of ['contentId', 'globalId']) {
    const header = headers?.[`apicurio.${what}.${name}`];
    const id = Buffer.isBuffer(header) ? header : header?.[0];
    if (id?.length === 8) return Number(id.readBigInt64BE());
  }
  return null;
}

/** Whether a header names the schema, so that the payload alone does not say what it is. */
export function namesSchema(record: WithHeaders, place: PayloadPlace): boolean {
  return schemaHeader(record, place) !== null || apicurioId(record, place) !== null;
}

/** The frame of a payload; null: none. Throws Undecodable for a damaged frame. */
export function frameOf(bytes: Buffer, record: WithHeaders, place: PayloadPlace): Frame | null {
  const header = schemaHeader(record, place);
  if (header !== null) {
    const named = idOf(header);
    if (named === null) {
      throw new Undecodable(
        place.malformed,
        `the header ${HEADERS[place.what]} has ${header.length} bytes, and not the id of a schema`,
      );
    }
    return { schema: named.schema, bytes, from: 0, header: header.subarray(named.from) };
  }
  const apicurio = apicurioId(record, place);
  if (apicurio !== null) return { schema: apicurio, bytes, from: 0, header: null };
  const named = idOf(bytes);
  if (named !== null) return named;
  if (bytes[0] === GLUE && bytes.length >= GLUE_BYTES) {
    return { schema: null, bytes: glueBody(bytes, place), from: 0, header: null };
  }
  return null;
}

/** The frame of a payload with a registered schema. Throws Undecodable when there is none. */
export function registryFrame(
  bytes: Buffer,
  record: WithHeaders,
  place: PayloadPlace,
): Frame & { readonly schema: SchemaId } {
  const frame = frameOf(bytes, record, place);
  if (frame === null) {
    throw new Undecodable(
      place.malformed,
      `${place.name} does not begin with a zero byte and a schema id, and no header names a schema${likelyText(bytes, place.what)}; was it written with a Schema Registry? Without one, name its file: \`schema: …\` in the mapping`,
    );
  }
  const { schema } = frame;
  if (schema === null) {
    throw new Undecodable(
      'unknown_schema',
      `${place.name} names version ${guidAt(bytes, 2)} of a schema in AWS Glue; download it and name its file: \`schema: …\` in the mapping`,
    );
  }
  // No registry begins at 0: these are the first four of eight bytes.
  if (schema === 0) {
    throw new Undecodable(
      'unknown_schema',
      `${place.name} names schema 0; if Apicurio's serializer wrote it, with ids of 8 bytes, set its apicurio.registry.id-handler to the one of 4 bytes (Legacy4ByteIdHandler)`,
    );
  }
  // Registry ids are signed 32-bit integers.
  if (typeof schema === 'number' && schema > MAX_SCHEMA_ID) {
    throw new Undecodable(
      'unknown_schema',
      `${place.name} names schema ${schema}, which no registry gives out`,
    );
  }
  return frame as typeof frame & { readonly schema: SchemaId };
}

/** The schema of an id. Throws SchemaNeeded when it is not loaded yet, and Undecodable when it does not exist. */
export function schemaOf(
  id: SchemaId,
  schemas: SchemaSource | null,
  { malformed }: PayloadPlace,
): RegisteredSchema {
  if (schemas === null) throw new Undecodable(malformed, 'no Schema Registry is set');
  const schema = schemas.known(id);
  if (schema === undefined) throw new SchemaNeeded(id);
  if ('unknown' in schema) throw new Undecodable('unknown_schema', schema.unknown);
  return schema;
}
