import { Type } from 'protobufjs';
import type { FieldPath } from '../../domain/mapping';
import { similarName } from '../../domain/similar-name';
import { fromWellKnown } from './protobuf-well-known';

const MOST_NAMES = 10;

const listOf = (names: readonly string[]): string =>
  `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', and more' : ''}`;

/** What a message's type has in place of a missing field, as the end of a sentence; empty: the field is in it. */
export function insteadOfField(root: Type, path: FieldPath): string {
  let type = root;
  for (let depth = 0; depth < path.length;) {
    const name = path[depth]!.toLowerCase();
    const above = path.slice(0, depth).join('.');
    if (fromWellKnown(type.fullName) !== null)
      return `; ${above} is read as what it holds: say \`field: ${above}\``;
    const oneof = type.oneofsArray.find((one) => one.name.toLowerCase() === name);
    if (oneof !== undefined) {
      return `; ${path[depth]!} is a oneof: name a field of it, ${listOf(oneof.fieldsArray.map((field) => field.name))}`;
    }
    const field = type.fieldsArray.find((one) => one.name.toLowerCase() === name);
    if (field === undefined) {
      const names = type.fieldsArray.map((one) => one.name);
      const similar = similarName(name, names);
      const meant =
        similar === undefined ? '' : `; did you mean \`${[...path.slice(0, depth), similar].join('.')}\`?`;
      return `; message ${type.name} has ${listOf(names)}${meant}`;
    }
    // Behind a list or map its index or key.
    depth += field.repeated || field.map ? 2 : 1;
    if (!(field.resolvedType instanceof Type)) return '';
    type = field.resolvedType;
  }
  return '';
}
