import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import { t } from '../locales/translate';
import {
  QUERY_FIELDS,
  QUERY_SCHEMA,
  type FilterOperator,
  type QueryFilter,
  type StreamKpiQuery,
} from './query';
import { isRecord, readQuery } from './saved-query';

/** Template variables, filled in field by field. */

const ALL_VALUE = '$__all';
const ALL_TEXT = 'All';

/** A text that is nothing but one variable without a format of its own. */
const WHOLE_VARIABLE = /^(?:\$(\w+)|\$\{(\w+)(?:\.[^:^}]+)?\}|\[\[(\w+)\]\])$/;
/** Sets the values that a variable brings apart from the text around them. */
const MARK = '\u0000';

/** The dashboard's variables, as one query sees them. */
export interface Variables {
  readonly templates: Pick<TemplateSrv, 'replace' | 'getVariables'>;
  readonly scopedVars: ScopedVars;
}

/** A query that cannot be filled in; the message is a sentence for the panel. */
export class InterpolationError extends Error {
  override name = 'InterpolationError';
}

type Formatted = string | number | boolean | readonly unknown[];
interface Model {
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}

/**
 * The query with every variable replaced; throws an InterpolationError. With `keepsUnknown`, a field whose variables
 * cannot be filled in stays as it was saved instead.
 */
export function interpolateQuery(
  saved: StreamKpiQuery,
  variables: Variables,
  { keepsUnknown = false } = {},
): StreamKpiQuery {
  const query = readQuery(saved);
  const filled: Record<string, unknown> = { ...query };
  for (const [name, { type, variables: labelOf }] of QUERY_FIELDS) {
    if (labelOf === undefined) continue;
    const value: unknown = query[name];
    const label = labelOf();
    const put = (interpolate: () => unknown): void => {
      const result = keepsUnknown ? orElse(interpolate, value) : interpolate();
      // Nothing selected: the default applies.
      filled[name] = result === '' ? undefined : result;
    };
    if (type === 'filters' && Array.isArray(value)) {
      filled[name] = value.flatMap((filter: QueryFilter) =>
        keepsUnknown
          ? orElse(() => interpolateFilters([filter], variables).map(asSaved), [filter])
          : interpolateFilters([filter], variables),
      );
    } else if (type === 'list' && Array.isArray(value)) {
      put(() => {
        const chosen = interpolateList(value as readonly string[], label, variables);
        // An empty grouping means something: all series in one.
        return chosen?.length === 0 && name !== 'groupBy' ? undefined : chosen;
      });
    } else if (typeof value === 'string') {
      if (name === 'alias') put(() => replaceText(value, label, variables));
      else if (type === 'number') put(() => toLimit(replaceText(value, label, variables)));
      else put(() => single(value, label, variables));
    }
  }
  const said = Object.entries(filled).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as unknown as StreamKpiQuery;
}

function orElse<Value>(valueOf: () => Value, otherwise: Value): Value {
  try {
    return valueOf();
  } catch (fault) {
    if (fault instanceof InterpolationError) return otherwise;
    throw fault;
  }
}

/**
 * The filters with their values filled in: a variable with several values brings them all. A variable that stands
 * alone and has All selected adds no condition, so that values which appear later are included.
 */
export function interpolateFilters(filters: readonly QueryFilter[], variables: Variables): QueryFilter[] {
  return filters.flatMap((filter) => {
    if (!isRecord(filter)) return [filter]; // reported by the backend
    const values = interpolateValues(filter, variables);
    if (values === undefined) return [];
    return [
      {
        ...filter,
        dimension: replaceText(filter.dimension, QUERY_SCHEMA.filters.variables(), variables),
        values,
      },
    ];
  });
}

/** Undefined if the filter adds no condition. */
function interpolateValues(
  { dimension, op, values }: QueryFilter,
  variables: Variables,
): string[] | undefined {
  const selects = op === '=' || op === '=~';
  const isPattern = op === '=~' || op === '!~';
  const kept = values.filter((value) => !isAll(value, variables));
  // With All among what is selected everything is; with All among what is left out, the others still are.
  if (kept.length < values.length && (selects || kept.length === 0)) return undefined;
  const place: Place = {
    field: t('variables.field.filter', 'filter on "{{dimension}}"', { dimension }),
    isValue: true,
    isPattern,
  };
  return [...new Set(kept.flatMap((value) => expand(value, place, variables)))];
}

const AS_PATTERN: Partial<Record<FilterOperator, FilterOperator>> = { '=': '=~', '!=': '!~' };

/** A filled-in filter as it can be saved: a value that reads like a variable would be filled in once more, or refused. */
export function asSaved(filter: QueryFilter): QueryFilter {
  const op = isRecord(filter) ? AS_PATTERN[filter.op] : undefined;
  if (op === undefined || !filter.values.some((value) => VARIABLE.test(value))) return filter;
  return { ...filter, op, values: filter.values.map(escapeRe2) };
}

/** Undefined: All is selected, and no list at all means every one of them. */
function interpolateList(
  names: readonly string[],
  field: string,
  variables: Variables,
): string[] | undefined {
  if (names.some((name) => isAll(name, variables))) return undefined;
  const filled = names.flatMap((name) => expand(name, { field }, variables)).filter((name) => name !== '');
  return [...new Set(filled)];
}

function single(text: string, field: string, variables: Variables): string {
  const [first = '', ...others] = expand(text, { field }, variables);
  if (others.length === 0) return first;
  throw new InterpolationError(
    t(
      'variables.several',
      'The {{field}} comes from {{variable}}, which has {{number}} values selected. Select one, or repeat the panel for each value.',
      { field, variable: text, number: others.length + 1 },
    ),
  );
}

function toLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new InterpolationError(
    t('variables.limit', 'The limit is "{{limit}}". It must be a whole number above zero.', { limit: text }),
  );
}

function replaceText(text: string, field: string, { templates, scopedVars }: Variables): string {
  refuseVariables(
    templates.replace(text, scopedVars, () => MARK),
    { field },
  );
  return templates.replace(text, scopedVars);
}

/** What a text belongs to. */
interface Place {
  /** As a sentence calls it. */
  readonly field: string;
  readonly isValue?: boolean;
  readonly isPattern?: boolean;
}

/** `$name`, `${name}` and `[[name]]`, as the backend finds them too; not a `$` that ends a pattern, nor `\\$`. */
const VARIABLE = /(?:^|[^\\])(\$[A-Za-z_]\w*|\$\{[A-Za-z_][^}]*\}|\[\[[A-Za-z_][\w.:]*\]\])/;

/** The backend refuses it in what was not filled in here, but speaks of alert rules and cannot know of a dashboard. */
function refuseVariables(text: string, { field, isValue = false }: Place): void {
  const name = VARIABLE.exec(text)?.[1];
  if (name === undefined) return;
  throw new InterpolationError(
    [
      t(
        'variables.unknown',
        'The {{field}} holds {{variable}}, and there is no variable of that name here. Create the variable in the dashboard, or put the value itself there.',
        { field, variable: name },
      ),
      ...(isValue
        ? [
            t('variables.spelled-so', 'If the value is really spelled so, use =~ and write {{pattern}}.', {
              pattern: escapeRe2(name),
            }),
          ]
        : []),
    ].join(' '),
  );
}

/**
 * One text for each combination of the values that its variables have. In patterns the values of variables that
 * may have several are taken literally; a variable with one value may bring a pattern.
 */
function expand(text: string, place: Place, { templates, scopedVars }: Variables): string[] {
  const lists: string[][] = [];
  const marked = templates.replace(text, scopedVars, (value: Formatted, model: Model | undefined) => {
    const isLiteral = Array.isArray(value) || model?.multi === true || model?.includeAll === true;
    const values = (Array.isArray(value) ? value : [value]).map(String);
    lists.push(place.isPattern === true && isLiteral ? values.map(escapeRe2) : values);
    return `${MARK}${lists.length - 1}${MARK}`;
  });
  let texts = [''];
  marked.split(MARK).forEach((part, index) => {
    if (index % 2 === 0) refuseVariables(part, place);
    const choices = index % 2 === 0 ? [part] : (lists[Number(part)] ?? []);
    // Nothing selected: the empty text, as if the label were missing.
    texts = texts.flatMap((text) => (choices.length === 0 ? [''] : choices).map((choice) => text + choice));
  });
  return texts;
}

/** All is selected in the variable that the text is, and it has no value of its own for that. */
function isAll(text: string, { templates, scopedVars }: Variables): boolean {
  const match = WHOLE_VARIABLE.exec(text);
  const name = match?.[1] ?? match?.[2] ?? match?.[3];
  if (name === undefined) return false;
  const scoped: unknown = scopedVars[name]?.value;
  if (scoped !== undefined) return scoped === ALL_VALUE || (Array.isArray(scoped) && scoped[0] === ALL_VALUE);
  // A repeated panel sees one value of the variable: only what this query sees counts.
  if (templates.replace(`\${${name}:text}`, scopedVars) !== ALL_TEXT) return false;
  const formatted: Formatted[] = [];
  templates.replace(`\${${name}}`, scopedVars, (value: Formatted) => {
    formatted.push(value);
    return '';
  });
  if (!formatted.some(Array.isArray)) return false;
  const model: unknown = templates.getVariables().find((variable) => variable.name === name);
  return model === undefined || hasAllSelected(model);
}

function hasAllSelected(model: unknown): boolean {
  const { current } = model as { current?: { value?: unknown } };
  const value = current?.value;
  return value === ALL_VALUE || (Array.isArray(value) && value.includes(ALL_VALUE));
}

/**
 * The text as a pattern that matches nothing else, in RE2's syntax. Its dollar signs stand alone: a variable would be
 * filled in after a backslash too.
 */
export const escapeRe2 = (text: string): string =>
  text.replace(/[\\^.|?*+()[\]{}]/g, '\\$&').replaceAll('$', '[$]');
