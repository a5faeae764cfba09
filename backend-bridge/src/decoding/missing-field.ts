import type { FieldPath } from '../domain/mapping';
import { similarName } from '../domain/similar-name';
import { hasFields } from './field-path';
import { jsonInText } from './json-text';
import { namesIn, shown } from './scalar';

/** What records have in place of a field that they lack, for error messages. */

/** Of one object, that are looked into. */
const MOST_FIELDS = 60;
const MAX_DEPTH = 6;

type Content = Readonly<Record<string, unknown>>;

const opened = (value: unknown): unknown =>
  typeof value === 'string' ? (jsonInText(value) ?? value) : value;

const childOf = (content: Content, name: string): string | undefined =>
  Object.keys(content).find((key) => key.toLowerCase() === name.toLowerCase());

/** A path to a field of this name, the nearest to the root; null: none. */
function placeOf(root: unknown, name: string): readonly string[] | null {
  let level: { readonly content: unknown; readonly path: readonly string[] }[] = [
    { content: root, path: [] },
  ];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { content, path } of level) {
      if (!hasFields(content)) continue;
      const key = childOf(content, name);
      if (key !== undefined) return [...path, key];
      for (const [inner, value] of Object.entries(content).slice(0, MOST_FIELDS)) {
        next.push({ content: opened(value), path: [...path, inner] });
      }
    }
    level = next;
  }
  return null;
}

/** Envelopes that are not read: their names, and the fields by which they are known. */
const ENVELOPES: readonly (readonly [name: string, fields: readonly string[]])[] = [
  ['Canal', ['isDdl', 'data']],
  ['Maxwell', ['database', 'table', 'data']],
  ['Oracle GoldenGate', ['op_type', 'after']],
];

/** Where else a missing field is, or what is there in its place, as the end of a sentence; empty: it is null. */
export function insteadOf(content: unknown, path: FieldPath): string {
  let at = opened(content);
  for (const [depth, name] of path.entries()) {
    if (!hasFields(at)) return `; ${path.slice(0, depth).join('.')} is ${shown(at)}, without fields`;
    const key = childOf(at, name);
    if (key !== undefined) {
      at = opened(at[key]);
      // Null itself, or a row or message that is not there.
      if (at === null || at === undefined) return '';
      continue;
    }
    const envelope = ENVELOPES.find(([, fields]) =>
      fields.every((one) => hasFields(content) && one in content),
    );
    if (envelope !== undefined) {
      return `; it looks like a change event of ${envelope[0]}, whose envelope is not supported: let the connector write plain rows or Debezium's`;
    }
    const elsewhere = placeOf(content, path.at(-1)!);
    if (elsewhere !== null) return `; say \`field: ${elsewhere.join('.')}\``;
    const names = namesIn(at);
    if (names === '') return '';
    const similar = similarName(name, Object.keys(at).slice(0, MOST_FIELDS));
    const above = path.slice(0, depth);
    const meant = similar === undefined ? '' : `; did you mean \`${[...above, similar].join('.')}\`?`;
    return `; ${depth === 0 ? 'it' : above.join('.')} has ${names}${meant}`;
  }
  return '';
}
