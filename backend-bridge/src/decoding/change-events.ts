import type { FieldPath, TopicMapping } from '../domain/mapping';
import { fieldReader } from './field-path';
import { pathsIn } from './mapped-paths';
import { Undecodable } from './undecodable';

/**
 * Debezium change events: `{before, after, op}`, of which a mapping reads `after`. A delete removes the row's point,
 * and so does a row that Debezium's ExtractNewRecordState has marked with `__deleted`.
 */

export interface ChangeReader {
  /** A delete is an event with the row, and the tombstone after it says nothing: neither does its key. */
  readonly deletesByEvent: boolean;
  /** Whether a value removes its point. Throws Undecodable when it has no row. */
  removes(content: unknown): boolean;
  /**
   * The content in which the paths of a removal are read: `after` is the previous row. Throws Undecodable without one.
   */
  removedRow(content: unknown): unknown;
  /**
   * For an update that moves a row to another point: the content with the previous row. Null when it does not move, or
   * `before` is missing.
   */
  replacedRow(content: unknown): unknown;
}

const ROW = 'after';
const MARK = '__deleted';

/** The path of the event within the value when every measure is read in its `after`; else null. */
function eventPath(measures: readonly FieldPath[]): FieldPath | null {
  const [first = []] = measures;
  const at = first.findIndex((name) => name.toLowerCase() === ROW);
  if (at < 0) return null;
  const prefix = first.slice(0, at + 1).map((name) => name.toLowerCase());
  const within = measures.every((path) => prefix.every((name, i) => path[i]?.toLowerCase() === name));
  return within ? first.slice(0, at) : null;
}

/** Paths read besides the mapped fields, to detect deletes. */
export function changePaths(mapping: TopicMapping): FieldPath[] {
  const path = eventPath(mapping.measures.map((measure) => measure.path));
  if (path === null) return [[MARK]];
  const before = pathsIn('value', mapping)
    .filter((one) => one[path.length]?.toLowerCase() === ROW)
    .map((one) => [...path, 'before', ...one.slice(path.length + 1)]);
  return [[...path, 'op'], ...before];
}

/** The content with another row in the event at `path`. Copies only objects along the path. */
function withRow(content: unknown, path: FieldPath, row: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content;
  const fields = content as Readonly<Record<string, unknown>>;
  const [name, ...rest] = path;
  if (name === undefined) return { ...fields, [ROW]: row };
  const key = Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
  return { ...fields, [key]: withRow(fields[key], rest, row) };
}

/** Objects (times with units, decimals) are compared as text; arrays and records cannot be labels. */
function sameField(a: unknown, b: unknown): boolean {
  return (
    a === b ||
    (a !== null &&
      b !== null &&
      typeof a === 'object' &&
      JSON.stringify([a], digits) === JSON.stringify([b], digits))
  );
}

const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Detects values that delete a row, by the paths of the measures. */
export function createChangeReader(mapping: TopicMapping): ChangeReader {
  const path = eventPath(mapping.measures.map((measure) => measure.path));
  if (path === null) {
    return {
      deletesByEvent: false,
      removes: (content) => {
        // Case-sensitive: a case-insensitive search per record would be slow.
        const mark = (content as Readonly<Record<string, unknown>>)[MARK];
        return mark === true || mark === 'true';
      },
      removedRow: (content) => content,
      replacedRow: () => null,
    };
  }
  const event = fieldReader(path);
  const operation = fieldReader(['op']);
  const before = fieldReader(['before']);
  const identity = [...mapping.dimensions, ...(mapping.start.from === 'field' ? [mapping.start] : [])]
    .filter((source) => source.in === 'value')
    .map((source) => ({ name: source.path.join('.'), read: fieldReader(source.path) }));
  return {
    deletesByEvent: identity.length > 0,
    removes: (content) => {
      const op = operation(event(content));
      if (op === 't' || op === 'm') {
        throw new Undecodable(
          'value_malformed',
          `the change event (op: ${op}) is about no row: ${op === 't' ? 'the table was truncated, and its points stay until they expire' : 'it is a message of the database'}`,
        );
      }
      return op === 'd';
    },
    replacedRow: (content) => {
      if (identity.length === 0 || operation(event(content)) !== 'u') return null;
      const old = before(event(content));
      if (typeof old !== 'object' || old === null) return null;
      const row = withRow(content, path, old);
      let moved = false;
      for (const { read } of identity) {
        const [was, is] = [read(row) ?? null, read(content) ?? null];
        if (sameField(was, is)) continue;
        // Columns that the database does not log are also null.
        if (was === null) return null;
        moved = true;
      }
      return moved ? row : null;
    },
    removedRow: (content) => {
      const row = withRow(content, path, before(event(content)));
      const missing = identity.find(({ read }) => read(row) === undefined || read(row) === null);
      if (missing !== undefined) {
        throw new Undecodable(
          'tombstone_incomplete',
          `the delete has no ${missing.name} in "before", so it does not say which point goes; map it from the key, or let the database log whole rows (REPLICA IDENTITY FULL)`,
        );
      }
      return row;
    },
  };
}
