import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import type { QueryFilter, StreamKpiQuery } from './query';

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

/** The query with every variable replaced; throws an InterpolationError. */
export function interpolateQuery(query: StreamKpiQuery, variables: Variables): StreamKpiQuery {
  const filled: Record<string, unknown> = { ...query };
  for (const field of ['metric', 'measure', 'step', 'timeShift'] as const) {
    const text = query[field];
    if (typeof text === 'string') filled[field] = single(text, field, variables);
  }
  if (query.alias !== undefined) filled['alias'] = replaceText(query.alias, variables);
  const limit: unknown = query.limit;
  if (typeof limit === 'string') filled['limit'] = toLimit(replaceText(limit, variables));
  if (query.filters !== undefined) filled['filters'] = interpolateFilters(query.filters, variables);
  if (query.groupBy !== undefined) {
    const groupBy = interpolateGroupBy(query.groupBy, variables);
    if (groupBy === undefined) delete filled['groupBy'];
    else filled['groupBy'] = groupBy;
  }
  return filled as unknown as StreamKpiQuery;
}

/**
 * The filters with their values filled in: a variable with several values brings them all. A variable that stands
 * alone and has All selected is no condition, so that values which appear later are not lost.
 */
export function interpolateFilters(filters: readonly QueryFilter[], variables: Variables): QueryFilter[] {
  return filters.flatMap((filter) => {
    const values = interpolateValues(filter, variables);
    if (values === undefined) return [];
    return [{ ...filter, dimension: replaceText(filter.dimension, variables), values }];
  });
}

/** Undefined: the filter is no condition. */
function interpolateValues({ op, values }: QueryFilter, variables: Variables): string[] | undefined {
  const selects = op === '=' || op === '=~';
  const isPattern = op === '=~' || op === '!~';
  const kept = values.filter((value) => !isAll(value, variables));
  // With All among what is selected everything is; with All among what is left out, the others still are.
  if (kept.length < values.length && (selects || kept.length === 0)) return undefined;
  return [...new Set(kept.flatMap((value) => expand(value, isPattern, variables)))];
}

/** Undefined: every series on its own, which is what all dimensions together mean. */
function interpolateGroupBy(names: readonly string[], variables: Variables): string[] | undefined {
  if (names.some((name) => isAll(name, variables))) return undefined;
  const filled = names.flatMap((name) => expand(name, false, variables)).filter((name) => name !== '');
  return [...new Set(filled)];
}

function single(text: string, field: string, variables: Variables): string {
  const [first = '', ...others] = expand(text, false, variables);
  if (others.length === 0) return first;
  throw new InterpolationError(
    `The ${NAMES[field] ?? field} comes from ${text}, which has ${others.length + 1} values selected. ` +
      'Select one, or repeat the panel for each value.',
  );
}

const NAMES: Readonly<Record<string, string>> = { timeShift: 'time shift' };

function toLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new InterpolationError(`The limit is "${text}". It must be a whole number above zero.`);
}

const replaceText = (text: string, { templates, scopedVars }: Variables): string =>
  templates.replace(text, scopedVars);

/**
 * One text for each combination of the values that its variables have. In patterns the values of variables that
 * may have several are taken literally; a variable with one value may bring a pattern.
 */
function expand(text: string, isPattern: boolean, { templates, scopedVars }: Variables): string[] {
  const lists: string[][] = [];
  const marked = templates.replace(text, scopedVars, (value: Formatted, model: Model | undefined) => {
    const isLiteral = Array.isArray(value) || model?.multi === true || model?.includeAll === true;
    const values = (Array.isArray(value) ? value : [value]).map(String);
    lists.push(isPattern && isLiteral ? values.map(escapeRe2) : values);
    return `${MARK}${lists.length - 1}${MARK}`;
  });
  let texts = [''];
  marked.split(MARK).forEach((part, index) => {
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

/** The text as a pattern that matches nothing else, in RE2's syntax. */
export const escapeRe2 = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
