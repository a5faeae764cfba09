import { SchemaNeeded, Undecodable } from './undecodable';
import type { PayloadPlace, RegisteredSchema, SchemaId, SchemaSource } from './format';

/** What a serializer with a registry puts before the payload. */

const CONFLUENT_BYTES = 5;
const MAX_SCHEMA_ID = 0x7fffffff;

export interface Framed {
  readonly id: SchemaId;
  /** Where the payload begins. */
  readonly from: number;
}

/** The schema id in front of a payload that must have one: `00` and 4 bytes. */
export function schemaFrame(
  bytes: Buffer,
  from: number,
  to: number,
  { name, malformed }: PayloadPlace,
): Framed {
  if (to - from < CONFLUENT_BYTES || bytes[from] !== 0) {
    throw new Undecodable(
      malformed,
      `${name} does not begin with a zero byte and a schema id; was it written with a Schema Registry?`,
    );
  }
  const id = bytes.readUInt32BE(from + 1);
  // Ids are signed 32-bit integers of the registry.
  if (id > MAX_SCHEMA_ID) {
    throw new Undecodable('unknown_schema', `${name} names schema ${id}, which no registry gives out`);
  }
  return { id, from: from + CONFLUENT_BYTES };
}

/** The schema of an id. Throws SchemaNeeded where it is not fetched yet, Undecodable where there is none. */
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
