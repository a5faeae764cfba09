import { FieldType, type DataFrame, type Field } from '@grafana/data';
import { t } from '../../locales/translate';
import type { Labels } from './card-model';

/** Columns by name; a name that comes twice is the first one. */
export function column(frame: DataFrame, ...names: string[]): Field | undefined {
  for (const name of names) {
    const found = frame.fields.find((field) => field.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const timeColumn = (frame: DataFrame): Field | undefined =>
  frame.fields.find((field) => field.type === FieldType.time);

/** Visible numeric columns. */
export const numberColumns = (frame: DataFrame): Field[] =>
  frame.fields.filter((field) => field.type === FieldType.number && !isHidden(field));

export const stringColumns = (frame: DataFrame): Field[] =>
  frame.fields.filter((field) => field.type === FieldType.string);

function isHidden(field: Field): boolean {
  const custom = field.config.custom as { hideFrom?: { viz?: boolean } } | undefined;
  return custom?.hideFrom?.viz === true;
}

/** The number in a cell, also where it is written as text; null for none, NaN and infinity. */
export function numberAt(field: Field | undefined, row: number): number | null {
  const value: unknown = field?.values[row];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** The time in a cell, epoch milliseconds; ISO text is understood too. Null for one that no calendar has. */
export function timeAt(field: Field | undefined, row: number): number | null {
  const value: unknown = field?.values[row];
  const time = typeof value === 'string' ? Date.parse(value) : value;
  return typeof time === 'number' && Math.abs(time) <= LAST_MS ? time : null;
}
const LAST_MS = 8.64e15;

/** Every row, oldest first; in the frame's order where a row has no time. */
export function rowsByTime(frame: DataFrame): number[] {
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  const column = timeColumn(frame);
  const times = rows.map((row) => timeAt(column, row));
  const isSorted = times.every((time, row) => time !== null && (row === 0 || time >= (times[row - 1] ?? 0)));
  if (isSorted || times.includes(null)) return rows;
  return rows.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
}

export function textAt(field: Field | undefined, row: number): string {
  const value: unknown = field?.values[row];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** A dimension whose name the table needs for itself has a prefix there. */
const labelName = (column: string): string =>
  column.startsWith(TAKEN) ? column.slice(TAKEN.length) : column;
const TAKEN = 'label_';

/** The string columns of a row as labels, without the named ones and without empty ones. */
export function labelsAt(frame: DataFrame, row: number, without: ReadonlySet<string>): Labels {
  const labels: Record<string, string> = {};
  for (const field of stringColumns(frame)) {
    const value = textAt(field, row);
    if (value !== '' && !without.has(field.name)) labels[labelName(field.name)] = value;
  }
  return labels;
}

/** Label values in order of their names: one text for one label set, whatever order they came in. */
export function labelsKey(labels: Labels): string {
  const known = keys.get(labels);
  if (known !== undefined) return known;
  const key = JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
  keys.set(labels, key);
  return key;
}

const keys = new WeakMap<Labels, string>();

/** What an empty label is called where something must be. */
export const NO_LABEL = '(none)';
export const noLabel = (): string => t('labels.none', '(none)');

/** Labels for people: the values where they are short and few, the names too otherwise. */
export function labelsText(labels: Labels): string {
  const entries = Object.entries(labels).filter(([, value]) => value !== '');
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return only[1];
  return entries.map(([name, value]) => `${name}: ${value}`).join(', ');
}
