import { Enum, MapField, Type, type Field, type FieldBase } from 'protobufjs';
import type { FieldPath } from '../../domain/mapping';
import { fromWellKnown } from './protobuf-well-known';
import { FIXED32, FIXED64, GROUP, GROUP_END, SIZED, VARINT, WireReader } from './protobuf-wire';

/**
 * Decodes messages to plain objects: fields by their .proto names, enums by name, 64-bit integers above 2^53 as
 * bigints, absent fields as their defaults unless they track presence. Compiled from the schema parsed by protobufjs.
 */

type Content = Record<string, unknown>;
/** @param before of a message: the same field as it was read before, into which this one is merged */
type ReadValue = (wire: WireReader, tag: number, depth: number, before?: unknown) => unknown;

interface FieldReader {
  readonly name: string;
  readonly wireType: number;
  /** Whether the field may also be packed. */
  readonly packable: boolean;
  readonly repeated: boolean;
  readonly map: boolean;
  read: ReadValue;
}

export interface MessageReader {
  /** Decodes the message from `from` to the end. Throws RangeError for bytes that are not a message of this type. */
  read(bytes: Buffer, from: number): unknown;
}

/** Most items over all lists and maps of one message; a window's record has few. */
const MOST_ITEMS = 250_000;
/** A tag that no field has. */
const OUTERMOST = 0;
const EMPTY: readonly unknown[] = Object.freeze([]);

const WIRE_TYPES: Readonly<Record<string, number>> = {
  double: FIXED64,
  fixed64: FIXED64,
  sfixed64: FIXED64,
  float: FIXED32,
  fixed32: FIXED32,
  sfixed32: FIXED32,
  string: SIZED,
  bytes: SIZED,
};

const SCALARS: Readonly<Record<string, ReadValue>> = {
  double: (wire) => wire.double(),
  float: (wire) => wire.float(),
  int32: (wire) => wire.int32(),
  uint32: (wire) => wire.uint32(),
  sint32: (wire) => wire.sint32(),
  fixed32: (wire) => wire.fixed32(),
  sfixed32: (wire) => wire.sfixed32(),
  int64: (wire) => wire.int64(),
  uint64: (wire) => wire.uint64(),
  sint64: (wire) => wire.sint64(),
  fixed64: (wire) => wire.fixed64(),
  sfixed64: (wire) => wire.sfixed64(),
  bool: (wire) => wire.bool(),
  string: (wire) => wire.string(),
  bytes: (wire) => wire.buffer(),
};

const ZEROS: Readonly<Record<string, unknown>> = { bool: false, string: '', bytes: Buffer.alloc(0) };

/** The paths below a field among paths of its message; null: the whole field. */
function pathsWithin(paths: readonly FieldPath[] | null, field: FieldBase): readonly FieldPath[] | null {
  if (paths === null) return null;
  const name = field.name.toLowerCase();
  // Skips a list index or map key.
  const skipped = field.repeated || field.map ? 2 : 1;
  const within = paths.filter(([first]) => first?.toLowerCase() === name).map((path) => path.slice(skipped));
  return within.some((path) => path.length === 0) ? null : within;
}

/** Default value of an absent field; `undefined`: none. */
function defaultOf(field: Field): unknown {
  if (field.repeated) return EMPTY;
  if (field.map || field.resolvedType instanceof Type) return undefined;
  const written = (field.options as Readonly<Record<string, unknown>> | undefined)?.['default'];
  if (field.hasPresence && written === undefined) return undefined;
  if (field.resolvedType instanceof Enum) {
    const number = field.defaultValue as number;
    return field.resolvedType.valuesById[number] ?? number;
  }
  if (written === undefined) return ZEROS[field.type] ?? 0;
  return field.type.endsWith('64') ? Number(written) : field.defaultValue;
}

/**
 * Compiles a decoder for the fields on `paths`; null: all fields. Recursive types are compiled once when all fields are
 * read.
 */
export function createMessageReader(root: Type, paths: readonly FieldPath[] | null): MessageReader {
  const whole = new Map<Type, ReadValue>();
  const source = new WireReader(Buffer.alloc(0));
  let items = 0;

  const countItem = (): void => {
    items += 1;
    if (items > MOST_ITEMS) throw new RangeError(`its lists have more than ${MOST_ITEMS} items`);
  };

  const valueReader = (field: FieldBase, wanted: readonly FieldPath[] | null): ReadValue => {
    const { resolvedType: resolved, type } = field;
    if (resolved instanceof Enum) {
      const names = resolved.valuesById;
      return (wire) => {
        const number = wire.int32();
        return names[number] ?? number;
      };
    }
    if (resolved instanceof Type) return messageReader(resolved, wanted);
    return SCALARS[type]!;
  };

  const mapReader = (field: MapField, wanted: readonly FieldPath[] | null): ReadValue => {
    const readKey = SCALARS[field.keyType]!;
    const readValue = valueReader(field, wanted);
    const keyTag = (1 << 3) | (WIRE_TYPES[field.keyType] ?? VARINT);
    const valueTag =
      (2 << 3) | (field.resolvedType instanceof Type ? SIZED : (WIRE_TYPES[field.type] ?? VARINT));
    return (wire, _, depth) => {
      const { end } = wire;
      wire.end = wire.sized();
      let key: unknown = ZEROS[field.keyType] ?? 0;
      let value: unknown = field.resolvedType === null ? (ZEROS[field.type] ?? 0) : undefined;
      while (wire.at < wire.end) {
        const tag = wire.tag();
        if (tag === keyTag) key = readKey(wire, tag, depth);
        else if (tag === valueTag) value = readValue(wire, tag, depth + 1);
        else wire.skip(tag);
      }
      wire.end = end;
      return [key, value];
    };
  };

  const fieldReader = (field: Field, wanted: readonly FieldPath[] | null): FieldReader => {
    const { type, resolvedType: resolved, name, repeated } = field;
    const map = field instanceof MapField;
    const message = map || resolved instanceof Type;
    const delimited = message && (field as { readonly delimited?: boolean }).delimited === true;
    const wireType = delimited ? GROUP : message ? SIZED : (WIRE_TYPES[type] ?? VARINT);
    const reader: FieldReader = {
      name,
      wireType,
      packable: repeated && !message && wireType !== SIZED,
      repeated,
      map,
      // Compiled at first use, so that recursive types terminate.
      read: (wire, tag, depth, before) => {
        reader.read = map ? mapReader(field, wanted) : valueReader(field, wanted);
        return reader.read(wire, tag, depth, before);
      },
    };
    return reader;
  };

  const addTo = (
    content: Content,
    field: FieldReader,
    wire: WireReader,
    tag: number,
    depth: number,
  ): void => {
    const { name } = field;
    if (field.map) {
      countItem();
      const [key, value] = field.read(wire, tag, depth) as [unknown, unknown];
      const map = (content[name] ??= Object.create(null)) as Content;
      map[String(key)] = value;
      return;
    }
    if (content[name] === EMPTY) content[name] = [];
    const list = content[name] as unknown[];
    if (field.packable && (tag & 7) === SIZED) {
      const { end } = wire;
      wire.end = wire.sized();
      while (wire.at < wire.end) {
        countItem();
        list.push(field.read(wire, tag, depth));
      }
      wire.end = end;
    } else {
      countItem();
      list.push(field.read(wire, tag, depth));
    }
  };

  const messageReader = (type: Type, wanted: readonly FieldPath[] | null): ReadValue => {
    const known = wanted === null ? whole.get(type) : undefined;
    if (known !== undefined) return known;
    const convert = fromWellKnown(type.fullName);
    const fields: (FieldReader | undefined)[] = [];
    /** By the id of a field: those that share a oneof with it. */
    const alternatives: (readonly string[] | undefined)[] = [];
    const blank: Content = {};
    const read: ReadValue = (wire, tag, depth, before) => {
      WireReader.checkDepth(depth);
      const { end } = wire;
      // A group has an end tag instead of a length, and the outermost message has neither.
      const group = (tag & 7) === GROUP;
      const last = group ? tag + (GROUP_END - GROUP) : 0;
      if (tag !== OUTERMOST && !group) wire.end = wire.sized();
      const content = convert === null && before !== undefined ? (before as Content) : { ...blank };
      while (group || wire.at < wire.end) {
        const next = wire.tag();
        if (next === last) break;
        const field = fields[next >>> 3];
        const replaced = alternatives[next >>> 3];
        if (replaced !== undefined) for (const name of replaced) content[name] = undefined;
        // A field with another wire type is an unknown field in Protobuf.
        if (field !== undefined && (next & 7) === field.wireType && !field.repeated && !field.map) {
          content[field.name] = field.read(wire, next, depth + 1, content[field.name]);
        } else if (
          field !== undefined &&
          ((next & 7) === field.wireType || (field.packable && (next & 7) === SIZED))
        ) {
          addTo(content, field, wire, next, depth + 1);
        } else wire.skip(next);
      }
      wire.end = end;
      return convert === null ? content : convert(content);
    };
    if (wanted === null) whole.set(type, read);
    for (const field of type.fieldsArray) {
      const within = convert === null ? pathsWithin(wanted, field) : null;
      // Plain objects cannot have a field of this name.
      if (within?.length === 0 || field.name === '__proto__') continue;
      field.resolve();
      fields[field.id] = fieldReader(field, within);
      // Including absent ones, so that all messages of a type have the same shape.
      blank[field.name] = defaultOf(field);
    }
    for (const { fieldsArray: members } of type.oneofsArray) {
      for (const { id, name } of members) {
        const others = members
          .map((member) => member.name)
          .filter((other) => other !== name && Object.hasOwn(blank, other));
        if (others.length > 0) alternatives[id] = others;
      }
    }
    return read;
  };

  const read = messageReader(root, paths);
  return {
    read: (bytes, from) => {
      items = 0;
      source.reset(bytes, from);
      return read(source, OUTERMOST, 0);
    },
  };
}
