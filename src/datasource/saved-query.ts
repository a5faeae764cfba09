import {
  QUERY_FIELDS,
  QUERY_SCHEMA,
  type FilterOperator,
  type QueryFilter,
  type StreamKpiQuery,
} from './query';

/**
 * Reads saved queries of any form: of an older version, written by hand, half filled in, or left over from another
 * data source. Never throws. What has no meaning here stays for the backend, whose refusal is a sentence.
 */

/** Names of the bridge's API, which queries without a version may have (pkg/model/migrate.go knows them too). */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  metric_name: 'metric',
  group_by: 'groupBy',
  over_time: 'overTime',
  time_shift: 'timeShift',
  adHocFilters: 'adhocFilters',
};

const KINDS: readonly unknown[] = QUERY_SCHEMA.kind.choices;

/** Grafana's names for "one of" and "not one of", and those of other query languages. */
const FORMER_OPERATORS: Readonly<Record<string, FilterOperator>> = {
  '==': '=',
  '=|': '=',
  '!=|': '!=',
  '<>': '!=',
};

type Fields = Record<string, unknown>;

export const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The query in today's form: fields that are null are absent, one text is a list of one, names are today's. */
export function readQuery<Query extends StreamKpiQuery>(saved: Query): Query {
  if (!isRecord(saved)) return { refId: '' } as Query;
  const fields = Object.fromEntries(
    Object.entries(saved as Fields).filter(([, value]) => value !== null && value !== undefined),
  );
  if (fields['version'] === undefined || fields['version'] === 0) renameFormer(fields);
  for (const [name, { type }] of QUERY_FIELDS) {
    const value = fields[name];
    if (type === 'filters' && Array.isArray(value)) {
      fields[name] = value.map((entry: unknown) => (isRecord(entry) ? readFilter(entry) : entry));
    }
    if (type === 'list' && (isText(value) || Array.isArray(value))) fields[name] = readTexts(value);
  }
  return fields as unknown as Query;
}

function renameFormer(fields: Fields): void {
  const move = (former: string, name: string): void => {
    if (!(former in fields)) return;
    if (!(name in fields)) fields[name] = fields[former];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete fields[former];
  };
  for (const [former, name] of Object.entries(FORMER_NAMES)) move(former, name);
  if (!('kind' in fields) && KINDS.includes(fields['queryType'])) fields['kind'] = fields['queryType'];
  if (!('step' in fields) && typeof fields['step_ms'] === 'number') fields['step'] = `${fields['step_ms']}ms`;
}

/** Filters for what lists them: invalid entries become unfinished ones, which have no effect. */
export const readFilters = (saved: unknown): QueryFilter[] =>
  Array.isArray(saved) ? saved.map((entry: unknown) => readFilter(isRecord(entry) ? entry : {})) : [];

function readFilter(filter: Fields): QueryFilter {
  const op = textOf(filter['op'] ?? filter['operator']) || '=';
  return {
    dimension: textOf(filter['dimension'] ?? filter['key']),
    op: FORMER_OPERATORS[op] ?? (op as FilterOperator),
    values: readTexts(filter['values'] ?? filter['value']),
  };
}

/** A list of texts; one text alone is a list of one. */
export const readTexts = (saved: unknown): string[] =>
  [saved].flat().flatMap((entry: unknown) => (isText(entry) ? [String(entry)] : []));

export const isText = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const textOf = (value: unknown): string => (isText(value) ? String(value) : '');
