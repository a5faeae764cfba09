import type { FieldPath } from '../domain/mapping';
import { jsonInText } from './json-text';

/** Reads a field of a decoded key or value; `undefined` when absent. */
export type FieldReader = (root: unknown) => unknown;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * Looks up one name of a path, exactly or else case-insensitively. Tries the last spelling first, as a topic usually
 * spells a field the same way.
 */
function nameReader(name: string): FieldReader {
  const lower = name.toLowerCase();
  const inherited = name in Object.prototype;
  let alias = name;
  const read: FieldReader = (parent) => {
    if (!isRecord(parent)) return typeof parent === 'string' ? read(jsonInText(parent)) : undefined;
    if (!inherited) {
      const exact = parent[name];
      if (exact !== undefined) return exact;
    } else if (Object.hasOwn(parent, name)) return parent[name];
    if (alias !== name && Object.hasOwn(parent, alias)) return parent[alias];
    for (const key of Object.keys(parent)) {
      if (key.length === name.length && key.toLowerCase() === lower) {
        alias = key;
        return parent[key];
      }
    }
    return undefined;
  };
  return read;
}

/** The empty path is the whole root. */
export function fieldReader(path: FieldPath): FieldReader {
  const names = path.map(nameReader);
  if (names.length === 0) return (root) => root;
  if (names.length === 1) return names[0]!;
  return (root) => {
    let value = root;
    for (const read of names) value = read(value);
    return value;
  };
}
