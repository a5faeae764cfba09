import type { FieldPath, TopicMapping } from '../domain/mapping';
import { fieldReader } from './field-path';
import { pathsIn } from './mapped-paths';
import { Undecodable } from './undecodable';

/**
 * Change events of Debezium: `{before, after, op}`, of which a mapping reads `after`. A delete removes the row's point.
 * So does a row that Debezium's ExtractNewRecordState has marked with `__deleted`.
 */

export interface ChangeReader {
  /** A delete is an event with the row, and the tombstone after it says nothing: neither does its key. */
  readonly deletesByEvent: boolean;
  /** Whether a value takes its point away. Throws Undecodable where it is about no row. */
  removes(content: unknown): boolean;
  /** What the paths of a value that removes are read in: `after` is the row as it was. Throws Undecodable without one. */
  removedRow(content: unknown): unknown;
  /**
   * For an update that moves a row to another point: what the paths are read in for the row as it was. Null where it
   * stays, or where `before` does not say where it was.
   */
  replacedRow(content: unknown): unknown;
}

const ROW = 'after';
const MARK = '__deleted';

/** The path of the event within the value, where every measure is read in its `after`; null where they are not. */
function eventPath(measures: readonly FieldPath[]): FieldPath | null {
  const [first = []] = measures;
  const at = first.findIndex((name) => name.toLowerCase() === ROW);
  if (at < 0) return null;
  const prefix = first.slice(0, at + 1).map((name) => name.toLowerCase());
  const within = measures.every((path) => prefix.every((name, i) => path[i]?.toLowerCase() === name));
  return within ? first.slice(0, at) : null;
}

/** What a mapping reads besides its own fields, to see whether a row was deleted. */
export function changePaths(mapping: TopicMapping): FieldPath[] {
  const path = eventPath(mapping.measures.map((measure) => measure.path));
  if (path === null) return [[MARK]];
  const before = pathsIn('value', mapping)
    .filter((one) => one[path.length]?.toLowerCase() === ROW)
    .map((one) => [...path, 'before', ...one.slice(path.length + 1)]);
  return [[...path, 'op'], ...before];
}

/** Content whose event at `path` has another row. Only what the path goes through is copied. */
function withRow(content: unknown, path: FieldPath, row: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content;
  const fields = content as Readonly<Record<string, unknown>>;
  const [name, ...rest] = path;
  if (name === undefined) return { ...fields, [ROW]: row };
  const key = Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
  return { ...fields, [key]: withRow(fields[key], rest, row) };
}

/** Objects (a time with its unit, decimals) are compared as text; arrays and records are no labels. */
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

/** Tells which values delete a row, by how the mapping reads its measures. */
export function createChangeReader(mapping: TopicMapping): ChangeReader {
  const path = eventPath(mapping.measures.map((measure) => measure.path));
  if (path === null) {
    return {
      deletesByEvent: false,
      removes: (content) => {
        // Spelled exactly so: a search in any case would take its time on each record.
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
        // Columns that the database does not log are null, too.
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
