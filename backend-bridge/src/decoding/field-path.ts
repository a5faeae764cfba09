import type { FieldPath } from '../domain/mapping';
import { UnreadableDecimal } from './decimal';
import { Instant } from './instant';
import { jsonInText } from './json-text';

/** Reads a field of a decoded key or value; `undefined` when absent. */
export type FieldReader = (root: unknown) => unknown;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Whether a value has fields or items. Bytes, times and decimals are objects, too, but have none. */
export function hasFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isObject(value) &&
    !(Buffer.isBuffer(value) || value instanceof Instant || value instanceof UnreadableDecimal)
  );
}

/** Whether what records are decoded to may have a member of this name that is no field: it is looked at twice. */
const isMember = (name: string): boolean =>
  [Object.prototype, Array.prototype, Buffer.prototype, new Instant(0, 0)].some((one) => name in one) ||
  /^\d+$/.test(name);

/**
 * Looks up one name of a path, exactly or else case-insensitively. Tries the last spelling first, as a topic usually
 * spells a field the same way.
 */
function nameReader(name: string): FieldReader {
  const lower = name.toLowerCase();
  const member = isMember(name);
  let alias = name;
  const read: FieldReader = (parent) => {
    if (!isObject(parent)) return typeof parent === 'string' ? read(jsonInText(parent)) : undefined;
    if (!member) {
      const exact = parent[name];
      if (exact !== undefined) return exact;
      if (alias !== name && Object.hasOwn(parent, alias)) return parent[alias];
    }
    if (!hasFields(parent)) return undefined;
    if (member && Object.prototype.propertyIsEnumerable.call(parent, name)) return parent[name];
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
