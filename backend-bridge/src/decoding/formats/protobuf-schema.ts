import { common, Namespace, parse, Root, Type, type NamespaceBase } from 'protobufjs';
import { FileDescriptorSet } from 'protobufjs/ext/descriptor';
import { BUILT_IN } from './protobuf-well-known';

/** A .proto file with what it imports, or a set of descriptors. */
export interface ProtobufSchema {
  /** The message at Confluent's indexes: that of the file, then those nested in it. Throws RangeError: there is none. */
  at(indexes: readonly number[]): Type;
  /** The message of a full or simple name; null: there is none. */
  named(name: string): Type | null;
  /** Full names of the messages of the file, not of those nested in them. */
  readonly messages: readonly string[];
}

interface ProtoFile {
  readonly text: string;
  /** The path by which others import it. */
  readonly name: string;
}

/** What protobufjs/ext/descriptor adds to Root, and its types leave out. */
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

/** Adds a file that comes with protobufjs, with Confluent or with Google's APIs. */
function addBuiltIn(root: Root, path: string): void {
  const text = BUILT_IN[path];
  const known = common.get(path);
  if (text !== undefined) parse(text, root, OPTIONS);
  else if (known?.nested !== undefined) root.addJSON(known.nested);
  else if (path === 'google/protobuf/descriptor.proto') {
    root.addJSON(FileDescriptorSet.root.toJSON().nested ?? {});
  }
}

/** Reads the text of a .proto and of those that it imports. Throws where it is none, or imports something else. */
export function parseProto(text: string, imported: readonly ProtoFile[] = []): ProtobufSchema {
  const root = new Root();
  const wanted = new Set<string>();
  for (const file of [...imported.map((one) => one.text), text]) {
    const { imports = [], weakImports = [] } = parse(file, root, OPTIONS);
    for (const path of [...imports, ...weakImports]) wanted.add(path);
  }
  for (const { name } of imported) wanted.delete(name);
  for (const path of wanted) addBuiltIn(root, path);
  // Alone once more: only so its own messages keep their order, whatever else is in the same package.
  const own = new Root();
  const { package: name } = parse(text, own, OPTIONS);
  const space = name ? own.lookup(name) : own;
  const messages = space instanceof Namespace ? messagesIn(space) : [];
  return schemaIn(
    root,
    messages.map((message) => withoutDot(message.fullName)),
  );
}

/** Reads a FileDescriptorSet, as `protoc --include_imports -o` writes. Throws where the bytes are none. */
export function parseDescriptors(bytes: Uint8Array): ProtobufSchema {
  const set = FileDescriptorSet.decode(bytes) as unknown as {
    readonly file: readonly {
      readonly package?: string;
      readonly messageType?: readonly { readonly name: string }[];
    }[];
  };
  const root = (Root as RootOfDescriptors).fromDescriptor(set);
  // Each file stands behind those it imports, so the last one is the one that was asked for.
  const last = set.file.at(-1);
  const prefix = last?.package === undefined || last.package === '' ? '' : `${last.package}.`;
  return schemaIn(root, last?.messageType?.map(({ name }) => prefix + name) ?? []);
}
