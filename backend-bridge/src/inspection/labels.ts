import { toLabel } from '../decoding/scalar';
import { lastName, present, type Field } from './fields';
import { isNumeric } from './measures';
import { because, unsure, type Note } from './sample';
import { snakeCase } from './time-fields';

/** A dimension: where its label is read. */
export interface LabelGuess {
  readonly name: string;
  readonly title: string;
  readonly field: Field;
  readonly notes: readonly Note[];
}

export interface FoundLabels {
  readonly labels: readonly LabelGuess[];
  readonly notes: readonly Note[];
}

export interface LabelSources {
  readonly topic: string;
  readonly keyFields: readonly Field[];
  readonly valueFields: readonly Field[];
  /** By record. */
  readonly starts: readonly (number | undefined)[];
  /** The key names the window, so it names the series too. */
  readonly windowInKey: boolean;
}

const ID_NAME = /(^|_)(id|ids|key|code|no|nr|zip|postcode)$/;
const FEW_KEYS = 3;
/** A text that differs in each of this many records is not a label. */
const MANY = 50;
/** Of records of several windows, fewer are enough: the labels of a series return. */
const MANY_IN_WINDOWS = 20;
const SEVERAL_WINDOWS = 3;

const text = (value: unknown): string | undefined => {
  try {
    return toLabel(value, '');
  } catch {
    return undefined;
  }
};

const texts = ({ values }: Field): (string | undefined)[] => values.map(text);

/** Whether a value of `of` goes with one value of `by` only, wherever both are there. */
function follows(of: readonly (string | undefined)[], by: readonly (string | undefined)[]): boolean {
  const seen = new Map<string, string>();
  for (const [i, value] of of.entries()) {
    const key = by[i];
    if (value === undefined || value === '' || key === undefined) continue;
    const known = seen.get(key);
    if (known === undefined) seen.set(key, value);
    else if (known !== value) return false;
  }
  return true;
}

function together(fields: readonly Field[]): (string | undefined)[] {
  const columns = fields.map(texts);
  return (columns[0] ?? []).map((_, i) => JSON.stringify(columns.map((column) => column[i] ?? '')));
}

/** A number that is named like an id is a label, and so is every text. */
export function isLabel(field: Field): boolean {
  const values = present(field);
  if (values.some((value) => typeof value === 'boolean')) return false;
  return (
    ID_NAME.test(snakeCase(lastName(field))) ||
    (!isNumeric(field) && values.every((value) => text(value) !== undefined))
  );
}

/** A key of each row that says nothing of the series: as many keys as there are windows of all series. */
function isRowId(keyFields: readonly Field[], labels: readonly Field[], starts: readonly unknown[]): boolean {
  if (labels.length === 0 || keyFields.length === 0) return false;
  const keys = together(keyFields);
  const series = together(labels);
  const windows = series.map((one, i) => (one === undefined ? undefined : `${one}@${String(starts[i])}`));
  const count = (values: readonly (string | undefined)[]): number => new Set(values).size;
  return (
    count(keys) >= FEW_KEYS && count(keys) > count(series) && follows(windows, keys) && follows(keys, windows)
  );
}

const nameInTopic = (topic: string): string | null =>
  /(?:^|_)(?:by|per)_([a-z][a-z0-9]*)/.exec(
    snakeCase(topic).replace(/(?:^|_)(?:per|by)_(?:second|minute|hour|day)s?(?=_|$)/, ''),
  )?.[1] ?? null;

/** What a key without fields is called: as the value's field that always says the same, or by the topic's name. */
function keyName({ topic, valueFields }: LabelSources, key: Field): { name: string; note: Note } {
  const own = texts(key);
  const twins = valueFields.filter((field) => {
    const values = texts(field);
    const both = values.filter((value, i) => value !== undefined && value !== '' && own[i] !== undefined);
    return both.length > 0 && values.every((value, i) => !value || own[i] === undefined || value === own[i]);
  });
  // Columns of delimited text are numbered only.
  const twin = twins.find((field) => !/^column_\d+$/.test(lastName(field)));
  if (twin !== undefined) {
    return {
      name: lastName(twin),
      note: because(`${lastName(twin)} of the value always says the same as the key`),
    };
  }
  const named = nameInTopic(topic);
  if (named !== null) return { name: named, note: because("the topic's name says so") };
  return { name: 'key', note: unsure('name: the topic does not say what its key is; rename it') };
}

const labelOf = (field: Field, name: string, notes: readonly Note[]): LabelGuess => {
  const snake = snakeCase(name);
  const safe = (/^[a-z]/.test(snake) ? snake : `d_${snake}`).slice(0, 64);
  const words = safe.replaceAll('_', ' ');
  return { name: safe, title: words[0]!.toUpperCase() + words.slice(1), field, notes };
};

/** The dimensions of a topic. */
export function labelsOf(sources: LabelSources): FoundLabels {
  const { keyFields, valueFields, starts, windowInKey } = sources;
  const notes: Note[] = [];
  const inValue = valueFields.filter(isLabel);
  const keyNames = keyFields.map((field) => snakeCase(lastName(field)));
  const besideKey = inValue.filter((field) => !keyNames.includes(snakeCase(lastName(field))));
  const hasRowIds = !windowInKey && isRowId(keyFields, besideKey, starts);
  const candidates = hasRowIds ? besideKey : inValue;
  const inKey = hasRowIds ? [] : keyFields;
  if (hasRowIds) {
    notes.push(
      unsure('the key is another one in each window, so it is taken for the id of a row, and for no label'),
    );
  }
  const labels = inKey.map((field) => {
    if (field.path.length > 0) return labelOf(field, lastName(field), [because('it is in the key')]);
    const { name, note } = keyName(sources, field);
    return labelOf(field, name, [note]);
  });
  const key = together(inKey);
  for (const field of candidates) {
    const values = texts(field);
    const name = lastName(field);
    if (inKey.length > 0 && (windowInKey || follows(values, key))) {
      if (!labels.some((label) => label.name === snakeCase(name))) {
        notes.push(because(`${field.path.join('.')} is left out: the key says which series it is`));
      }
      continue;
    }
    if (windowInKey) {
      notes.push(because(`${field.path.join('.')} is left out: the key says which series it is`));
      continue;
    }
    const own = present(field);
    const many = new Set(starts).size < SEVERAL_WINDOWS ? MANY : MANY_IN_WINDOWS;
    if (own.length >= many && new Set(values).size === own.length) {
      notes.push(unsure(`${field.path.join('.')} is left out: it is another text in each record`));
      continue;
    }
    labels.push(labelOf(field, name, [because('records of one window differ in it')]));
  }
  const taken = new Map<string, number>();
  return {
    notes,
    labels: labels.map((label) => {
      const times = (taken.get(label.name) ?? 0) + 1;
      taken.set(label.name, times);
      return times === 1 ? label : { ...label, name: `${label.name.slice(0, 60)}_${times}` };
    }),
  };
}
