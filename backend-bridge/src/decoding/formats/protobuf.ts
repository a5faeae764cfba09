import type { Type } from 'protobufjs';
import { StartRefusedError } from '../../domain/errors';
import type { FieldPath, PayloadMapping } from '../../domain/mapping';
import type { Format, FormatFactory, RegisteredSchema } from '../format';
import { frameOf, payloadOf, registryFrame, schemaOf, type Frame } from '../framing';
import { Undecodable } from '../undecodable';
import { insteadOfField } from './protobuf-fields';
import { createMessageReader, type MessageReader } from './protobuf-message';
import { parseDescriptors, parseProto, type ProtobufSchema } from './protobuf-schema';
import { WireReader } from './protobuf-wire';

/** Cache of parsed schemas of the registry; a string is the reason why one cannot be used. */
const parsed = new WeakMap<RegisteredSchema, ProtobufSchema | string>();
/** Deepest nesting of message types. */
const MOST_INDEXES = 100;
const FIRST_MESSAGE: readonly number[] = [0];

function parse(schema: RegisteredSchema): ProtobufSchema | string {
  if (schema.type !== 'PROTOBUF') {
    return `is ${JSON.stringify(schema.type)}, not Protobuf; say \`format: ${schema.type.toLowerCase()}\``;
  }
  try {
    return parseProto(schema.text, schema.references);
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

/** Confluent's message indexes: count and indexes as zigzag; a single 0 for the first message. */
function messageIndexes(wire: WireReader): readonly number[] {
  const count = wire.sint32();
  if (count === 0) return FIRST_MESSAGE;
  if (count < 0 || count > MOST_INDEXES) throw new RangeError(`${count} message indexes`);
  return Array.from({ length: count }, () => wire.sint32());
}

/** A message with its offset in the bytes. */
interface Placed {
  readonly type: Type;
  readonly from: number;
}

/** Apicurio's message name: a part with one text. Null when there is none. */
function namedMessage({ bytes, from }: Frame, schema: ProtobufSchema): Placed | null {
  const length = bytes[from] ?? 0;
  const end = from + 1 + length;
  if (length < 3 || bytes[from + 1] !== 0x0a || bytes[from + 2] !== length - 2 || end > bytes.length)
    return null;
  const type = schema.named(bytes.toString('utf8', from + 3, end));
  return type === null ? null : { type, from: end };
}

/** The message of a frame. Throws RangeError when it names none. */
function messageOf(frame: Frame, schema: ProtobufSchema): Placed {
  const { header, bytes, from } = frame;
  if (header !== null && header.length > 0)
    return { type: schema.at(messageIndexes(new WireReader(header))), from };
  if (bytes[from] === 0) return { type: schema.at(FIRST_MESSAGE), from: from + 1 };
  const named = namedMessage(frame, schema);
  if (named !== null) return named;
  const wire = new WireReader(bytes);
  wire.at = from;
  return { type: schema.at(messageIndexes(wire)), from: wire.at };
}

function fileSchema(
  { path, bytes }: NonNullable<PayloadMapping['schema']>,
  message: string | undefined,
): { readonly schema: ProtobufSchema; readonly type: Type } {
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
  const type = schema.named(message ?? messages[0]!);
  if (type === null) throw refuse(`has no message ${message ?? ''}; it has ${messages.join(', ')}`);
  return { schema, type };
}

/** Protobuf, prefixed with schema id and message indexes, or with the schema of a file. */
export const protobufFormat: FormatFactory = ({ schema: file, message }, place, schemas): Format => {
  const { what, name, malformed, paths } = place;
  const readers = new Map<Type, MessageReader>();
  let last: Type | null = null;
  const insteadOf = (path: FieldPath): string => (last === null ? '' : insteadOfField(last, path));
  const decoded = (type: Type, bytes: Buffer, from: number, which: string): unknown => {
    last = type;
    let reader = readers.get(type);
    if (reader === undefined) {
      // Two keys may differ in a field that the mapping does not read.
      reader = createMessageReader(type, what === 'key' ? null : paths);
      readers.set(type, reader);
    }
    try {
      return reader.read(bytes, from);
    } catch (error) {
      if (error instanceof Undecodable) throw error;
      throw new Undecodable(malformed, `${name} does not fit ${which}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  /** Runs `find`; a failure means that the frame does not name a known message. */
  const finding = <T>(find: () => T, which: string): T => {
    try {
      return find();
    } catch (error) {
      throw new Undecodable(
        malformed,
        `${name} does not say which message${which} it is: ${(error as Error).message}`,
        { cause: error },
      );
    }
  };

  if (file !== undefined) {
    const { schema, type } = fileSchema(file, message);
    return {
      structured: true,
      insteadOf,
      read: (bytes, start, to, record) => {
        const payload = payloadOf(bytes, start, to);
        // Messages never begin like a frame, so frames are detected without a setting.
        const frame = frameOf(payload, record, place);
        if (frame === null) return decoded(type, payload, 0, file.path);
        const from = finding(() => endOfIndexes(frame, schema), '');
        return decoded(type, frame.bytes, from, file.path);
      },
    };
  }
  return {
    structured: true,
    read: (bytes, start, to, record) => {
      const frame = registryFrame(payloadOf(bytes, start, to), record, place);
      const registered = schemaOf(frame.schema, schemas, place);
      let schema = parsed.get(registered);
      if (schema === undefined) {
        schema = parse(registered);
        parsed.set(registered, schema);
      }
      if (typeof schema === 'string') {
        throw new Undecodable('unknown_schema', `schema ${frame.schema} ${schema}`);
      }
      const known = schema;
      const { type, from } = finding(() => messageOf(frame, known), ` of schema ${frame.schema}`);
      return decoded(type, frame.bytes, from, `schema ${frame.schema}`);
    },
  };
};

/** Where the message begins behind a frame: AWS Glue has one index, Confluent a list of them, Apicurio a name. */
function endOfIndexes(frame: Frame, file: ProtobufSchema): number {
  const { schema, bytes, from, header } = frame;
  if (header !== null) return from;
  const named = schema === null ? null : namedMessage(frame, file);
  if (named !== null) return named.from;
  const wire = new WireReader(bytes);
  wire.at = from;
  if (schema === null) wire.uint32();
  else messageIndexes(wire);
  return wire.at;
}
