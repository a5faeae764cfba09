import { hasFields } from '../decoding/field-path';
import { Instant } from '../decoding/instant';
import { jsonInText } from '../decoding/json-text';
import { unwrapped } from '../decoding/scalar';
import type { FieldPath } from '../domain/mapping';

/** A field of keys or values, over all records of a sample. */
export interface Field {
  readonly in: 'key' | 'value';
  readonly path: FieldPath;
  /** By record; null and `undefined`: not there. */
  readonly values: readonly unknown[];
}

export interface FoundFields {
  readonly fields: readonly Field[];
  /** Paths of lists and bytes, which are not looked into. */
  readonly skipped: readonly string[];
}

const MAX_DEPTH = 6;
const MAX_FIELDS = 200;
/** What a change event of Debezium has besides the row. */
const ENVELOPE = ['before', 'after', 'op'];

/** The row's path in change events; empty when they are not change events. */
function rowPath(contents: readonly unknown[]): FieldPath {
  const events = contents.filter(
    (content) => hasFields(content) && ENVELOPE.every((name) => name in content),
  );
  return events.length > 0 && events.length === contents.filter((content) => content !== undefined).length
    ? ['after']
    : [];
}

/** The fields of decoded keys or values by their paths; content without fields is one field with the empty path. */
export function fieldsOf(contents: readonly unknown[], part: Field['in']): FoundFields {
  const found = new Map<string, { path: FieldPath; values: unknown[] }>();
  const skipped = new Set<string>();
  const add = (path: FieldPath, index: number, value: unknown): void => {
    const id = JSON.stringify(path);
    let field = found.get(id);
    if (field === undefined) {
      if (found.size === MAX_FIELDS) return;
      field = { path, values: contents.map(() => undefined) };
      found.set(id, field);
    }
    field.values[index] = value;
  };
  const walk = (value: unknown, path: FieldPath, index: number): void => {
    const given = unwrapped(value);
    const plain = (typeof given === 'string' ? jsonInText(given) : undefined) ?? given;
    if (Array.isArray(plain) || Buffer.isBuffer(plain)) skipped.add(path.join('.'));
    else if (!hasFields(plain)) add(path, index, value instanceof Instant ? value : plain);
    else if (path.length < MAX_DEPTH) {
      for (const [name, inner] of Object.entries(plain)) walk(inner, [...path, name], index);
    }
  };
  const row = rowPath(contents);
  for (const [index, content] of contents.entries()) {
    if (content === undefined) continue;
    walk(row.length === 0 ? content : (content as Record<string, unknown>)[row[0]!], row, index);
  }
  // A list that is empty in some records and absent in others, a row that is null in a delete.
  const fields = [...found.values()]
    .filter(({ path }) => row.length === 0 || path.length > row.length)
    .filter(({ values }) => values.some((value) => value !== undefined && value !== null))
    .map(({ path, values }) => ({ in: part, path, values }));
  return { fields, skipped: [...skipped] };
}

/** The values of a field that are there. */
export const present = ({ values }: Field): unknown[] =>
  values.filter((value) => value !== undefined && value !== null);

/** The last name of a field's path, for people: that of `orders.$numberLong`, MongoDB's Extended JSON, is `orders`. */
export const lastName = ({ path }: Pick<Field, 'path'>): string =>
  path.findLast((name) => !name.startsWith('$')) ?? path.at(-1) ?? '';

/** What Debezium's ExtractNewRecordState adds to rows: `__deleted`, `__op`, `__source_ts_ms`. */
export const isAdded = ({ path }: Pick<Field, 'path'>): boolean => path[0]?.startsWith('__') === true;
