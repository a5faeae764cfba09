import type { FormatFactory, RegisteredSchema } from '../format';
import { schemaFrame, schemaOf } from '../framing';
import { Undecodable } from '../undecodable';
import { parseAvroSchema, type AvroSchema } from './avro-schema';

/** Parsed once for each schema of a registry; a text where it cannot be used. */
const parsed = new WeakMap<RegisteredSchema, AvroSchema | string>();

function parse(schema: RegisteredSchema): AvroSchema | string {
  if (schema.type !== 'AVRO') return `is ${JSON.stringify(schema.type)}, not Avro`;
  try {
    return parseAvroSchema(schema.text, schema.references);
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

/** Avro's binary encoding behind the id of its schema. */
export const avroFormat: FormatFactory = (_, place, schemas) => ({
  structured: true,
  read: (bytes, start, to) => {
    const { id, from } = schemaFrame(bytes, start, to, place);
    const registered = schemaOf(id, schemas, place);
    let schema = parsed.get(registered);
    if (schema === undefined) {
      schema = parse(registered);
      parsed.set(registered, schema);
    }
    if (typeof schema === 'string') throw new Undecodable('unknown_schema', `schema ${id} ${schema}`);
    try {
      return schema.decode(bytes.subarray(from, to));
    } catch (error) {
      throw new Undecodable(
        place.malformed,
        `${place.name} does not fit schema ${id}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  },
});
