import { common, Namespace, parse, Root, Type, type NamespaceBase } from 'protobufjs';
import { FileDescriptorSet } from 'protobufjs/ext/descriptor';
import { BUILT_IN } from './protobuf-well-known';

/** A .proto file with its imports, or a descriptor set. */
export interface ProtobufSchema {
  /** The message at Confluent's indexes: in the file, then nested. Throws RangeError when there is none. */
  at(indexes: readonly number[]): Type;
  /** The message of a full or simple name; null when there is none. */
  named(name: string): Type | null;
  /** Full names of the file's top-level messages. */
  readonly messages: readonly string[];
}

interface ProtoFile {
  readonly text: string;
  /** The path by which others import it. */
  readonly name: string;
}

/** Members that protobufjs/ext/descriptor adds to Root, missing from its types. */
type RootOfDescriptors = typeof Root & { fromDescriptor(set: unknown): Root };

const OPTIONS = { keepCase: true, alternateCommentMode: false };
const withoutDot = (name: string): string => name.replace(/^\./, '');
const messagesIn = (space: NamespaceBase): Type[] => space.nestedArray.filter((one) => one instanceof Type);

function schemaIn(root: Root, messages: readonly string[]): ProtobufSchema {
  root.resolveAll();
  const found = new Map<string, Type>();
  const typeAt = ([first, ...rest]: readonly number[]): Type => {
    const name = messages[first ?? 0];
    let type = name === undefined ? undefined : root.lookupType(name);
    for (const index of rest) type = type === undefined ? undefined : messagesIn(type)[index];
    if (type === undefined) throw new RangeError(`the schema has no message ${[first, ...rest].join('.')}`);
    return type;
  };
  return {
    messages,
    at: (indexes) => {
      const path = indexes.join();
      let type = found.get(path);
      if (type === undefined) found.set(path, (type = typeAt(indexes)));
      return type;
    },
    named: (name) => {
      const type =
        root.lookup(name, [Type]) ??
        messages.map((one) => root.lookup(one)).find((one) => one?.name === name);
      return type instanceof Type ? type : null;
    },
  };
}

/** Adds a well-known file of protobufjs, Confluent or Google's APIs. */
function addBuiltIn(root: Root, path: string): void {
  const text = BUILT_IN[path];
  const known = common.get(path);
  if (text !== undefined) parse(text, root, OPTIONS);
  else if (known?.nested !== undefined) root.addJSON(known.nested);
  else if (path === 'google/protobuf/descriptor.proto') {
    root.addJSON(FileDescriptorSet.root.toJSON().nested ?? {});
  }
}

/** Parses a .proto and its imports. Throws for an invalid file or an unknown import. */
export function parseProto(text: string, imported: readonly ProtoFile[] = []): ProtobufSchema {
  const root = new Root();
  const wanted = new Set<string>();
  for (const file of [...imported.map((one) => one.text), text]) {
    const { imports = [], weakImports = [] } = parse(file, root, OPTIONS);
    for (const path of [...imports, ...weakImports]) wanted.add(path);
  }
  for (const { name } of imported) wanted.delete(name);
  for (const path of wanted) addBuiltIn(root, path);
  // Parsed again alone, to keep the order of its own messages, whatever else is in the same package.
  const own = new Root();
  const { package: name } = parse(text, own, OPTIONS);
  const space = name ? own.lookup(name) : own;
  const messages = space instanceof Namespace ? messagesIn(space) : [];
  return schemaIn(
    root,
    messages.map((message) => withoutDot(message.fullName)),
  );
}

/** Parses a FileDescriptorSet as written by `protoc --include_imports -o`. Throws for other bytes. */
export function parseDescriptors(bytes: Uint8Array): ProtobufSchema {
  const set = FileDescriptorSet.decode(bytes) as unknown as {
    readonly file: readonly {
      readonly package?: string;
      readonly messageType?: readonly { readonly name: string }[];
    }[];
  };
  const root = (Root as RootOfDescriptors).fromDescriptor(set);
  // Files follow their imports, so the last one is the requested one.
  const last = set.file.at(-1);
  const prefix = last?.package === undefined || last.package === '' ? '' : `${last.package}.`;
  return schemaIn(root, last?.messageType?.map(({ name }) => prefix + name) ?? []);
}
