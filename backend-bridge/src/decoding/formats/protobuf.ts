import { StartRefusedError } from '../../domain/errors';
import type { PayloadMapping } from '../../domain/mapping';
import type { Format, FormatFactory, PayloadPlace, RegisteredSchema } from '../format';
import { frameOf, registryFrame, schemaOf, type Frame } from '../framing';
import { Undecodable } from '../undecodable';
import type { MessageReader } from './protobuf-message';
import { parseDescriptors, parseProto, type ProtobufSchema } from './protobuf-schema';
import { WireReader } from './protobuf-wire';

/** Parsed once for each schema of a registry; a text where it cannot be used. */
const parsed = new WeakMap<RegisteredSchema, ProtobufSchema | string>();
/** Messages nested deeper are in no schema. */
const MOST_INDEXES = 100;

function parse(schema: RegisteredSchema): ProtobufSchema | string {
  if (schema.type !== 'PROTOBUF') return `is ${JSON.stringify(schema.type)}, not Protobuf`;
  try {
    return parseProto(schema.text, schema.references);
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

/** Confluent: how many indexes, then each, zigzag; a single 0 for the first message. */
function messageIndexes(wire: WireReader): number[] {
  const count = wire.sint32();
  if (count === 0) return [0];
  if (count < 0 || count > MOST_INDEXES) throw new RangeError(`${count} message indexes`);
  return Array.from({ length: count }, () => wire.sint32());
}

/** Apicurio names the message instead: a part with one text. Null: these bytes do not. */
function namedMessage(
  body: Buffer,
  schema: ProtobufSchema,
): { readonly reader: MessageReader; readonly at: number } | null {
  const length = body[0] ?? 0;
  if (length < 3 || body[1] !== 0x0a || body[2] !== length - 2 || body.length <= length) return null;
  const reader = schema.named(body.toString('utf8', 3, length + 1));
  return reader === null ? null : { reader, at: length + 1 };
}

/** The message of a frame, and its bytes. */
function messageOf({ body, header }: Frame, schema: ProtobufSchema): [MessageReader, Buffer] {
  if (header !== null && header.length > 0) return [schema.at(messageIndexes(new WireReader(header))), body];
  const named = namedMessage(body, schema);
  if (named !== null) return [named.reader, body.subarray(named.at)];
  const wire = new WireReader(body);
  return [schema.at(messageIndexes(wire)), body.subarray(wire.at)];
}

function fileSchema(
  { path, bytes }: NonNullable<PayloadMapping['schema']>,
  message: string | undefined,
): MessageReader {
  const refuse = (why: string, cause?: unknown): StartRefusedError =>
    new StartRefusedError(`${path}: ${why}`, { cause });
  let schema: ProtobufSchema;
  try {
    schema = path.endsWith('.proto')
      ? parseProto(Buffer.from(bytes).toString('utf8'))
      : parseDescriptors(bytes);
  } catch (error) {
    throw refuse(
      `cannot be used (${(error as Error).message}); give a .proto without imports of your own, or a descriptor set: protoc --include_imports -o orders.desc orders.proto`,
      error,
    );
  }
  const { messages } = schema;
  if (message === undefined && messages.length !== 1) {
    throw refuse(
      `has ${messages.length} messages; name one: \`message: ${messages[0] ?? 'package.Message'}\``,
    );
  }
  const reader = schema.named(message ?? messages[0]!);
  if (reader === null) throw refuse(`has no message ${message ?? ''}; it has ${messages.join(', ')}`);
  return reader;
}

function decoded(
  reader: MessageReader,
  body: Buffer,
  { name, malformed }: PayloadPlace,
  which: string,
): unknown {
  try {
    return reader.read(body);
  } catch (error) {
    throw new Undecodable(malformed, `${name} does not fit ${which}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Protobuf behind the id of its schema and the indexes of its message, or with the schema of a file. */
export const protobufFormat: FormatFactory = ({ schema: file, message }, place, schemas): Format => {
  if (file !== undefined) {
    const reader = fileSchema(file, message);
    return {
      structured: true,
      read: (bytes, from, to, record) => {
        const payload = bytes.subarray(from, to);
        const body = unframed(payload, frameOf(payload, record, place), place);
        return decoded(reader, body, place, file.path);
      },
    };
  }
  return {
    structured: true,
    read: (bytes, from, to, record) => {
      const frame = registryFrame(bytes.subarray(from, to), record, place);
      const registered = schemaOf(frame.schema, schemas, place);
      let schema = parsed.get(registered);
      if (schema === undefined) {
        schema = parse(registered);
        parsed.set(registered, schema);
      }
      if (typeof schema === 'string')
        throw new Undecodable('unknown_schema', `schema ${frame.schema} ${schema}`);
      let found: [MessageReader, Buffer];
      try {
        found = messageOf(frame, schema);
      } catch (error) {
        throw new Undecodable(
          place.malformed,
          `${place.name} does not say which message of schema ${frame.schema} it is: ${(error as Error).message}`,
          { cause: error },
        );
      }
      return decoded(found[0], found[1], place, `schema ${frame.schema}`);
    },
  };
};

/** The message's bytes: no message begins as a frame does, so a frame is seen without being named. */
function unframed(payload: Buffer, frame: Frame | null, { name, malformed }: PayloadPlace): Buffer {
  if (frame === null) return payload;
  if (frame.header !== null) return frame.body;
  try {
    const wire = new WireReader(frame.body);
    // AWS Glue has one index, Confluent a list of them.
    if (frame.schema === null) wire.uint32();
    else messageIndexes(wire);
    return frame.body.subarray(wire.at);
  } catch (error) {
    throw new Undecodable(
      malformed,
      `${name} does not say which message it is: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
