import { StartRefusedError } from '../../domain/errors';
import type { Format, FormatFactory, PayloadPlace, RegisteredSchema } from '../format';
import { frameOf, payloadOf, registryFrame, schemaOf, type Frame } from '../framing';
import { Undecodable } from '../undecodable';
import { parseAvroSchema, type AvroSchema } from './avro-schema';

/** Cache of parsed schemas of the registry; a string is the reason why one cannot be used. */
const parsed = new WeakMap<RegisteredSchema, AvroSchema | string>();

function parse(schema: RegisteredSchema): AvroSchema | string {
  if (schema.type !== 'AVRO')
    return `is ${JSON.stringify(schema.type)}, not Avro; say \`format: ${schema.type.toLowerCase()}\``;
  try {
    return parseAvroSchema(schema.text, schema.references);
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

/** What messages of the library mean. */
const CAUSES: ReadonlyMap<string, string> = new Map([
  ['truncated buffer', 'it ends within a field, or another schema wrote it'],
  ['trailing data', 'bytes follow its last field, so another schema wrote it'],
]);

const bodyOf = ({ bytes, from }: Frame): Buffer => payloadOf(bytes, from, bytes.length);

function decoded(
  schema: AvroSchema,
  body: Buffer,
  { name, malformed }: PayloadPlace,
  which: string,
): unknown {
  try {
    return schema.decode(body);
  } catch (error) {
    // What the library says where it has run past the end is about itself.
    const why =
      error instanceof TypeError || error instanceof RangeError
        ? 'it ends within a field, or another schema wrote it'
        : (CAUSES.get((error as Error).message) ?? (error as Error).message);
    throw new Undecodable(malformed, `${name} does not fit ${which}: ${why}`, { cause: error });
  }
}

/** Avro binary encoding, prefixed with a schema id or with the schema of a file. */
export const avroFormat: FormatFactory = ({ schema: file, framing = 'none' }, place, schemas): Format => {
  if (file !== undefined) {
    let own: AvroSchema;
    try {
      own = parseAvroSchema(Buffer.from(file.bytes).toString('utf8'));
    } catch (error) {
      throw new StartRefusedError(`${file.path}: not an Avro schema (${(error as Error).message})`, {
        cause: error,
      });
    }
    return {
      structured: true,
      read: (bytes, from, to, record) => {
        const payload = payloadOf(bytes, from, to);
        // Avro may begin with any byte, so only the mapping can say that there is a frame.
        const frame = framing === 'none' ? null : frameOf(payload, record, place);
        if (frame === null && framing !== 'none') {
          throw new Undecodable(
            place.malformed,
            `${place.name} does not begin as \`framing: ${framing}\` says; say \`framing: none\` where nothing comes before the Avro`,
          );
        }
        return decoded(own, frame === null ? payload : bodyOf(frame), place, file.path);
      },
    };
  }
  return {
    structured: true,
    read: (bytes, from, to, record) => {
      const frame = registryFrame(payloadOf(bytes, from, to), record, place);
      const id = frame.schema;
      const registered = schemaOf(id, schemas, place);
      let schema = parsed.get(registered);
      if (schema === undefined) {
        schema = parse(registered);
        parsed.set(registered, schema);
      }
      if (typeof schema === 'string') throw new Undecodable('unknown_schema', `schema ${id} ${schema}`);
      return decoded(schema, bodyOf(frame), place, `schema ${id}`);
    },
  };
};
