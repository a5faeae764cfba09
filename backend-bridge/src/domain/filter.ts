import { RE2JS, RE2JSException } from 're2js';
import { RequestError } from './errors';
import type { Metric } from './metric';
import type { Filter } from './selection';

/** Validates, canonicalises and compiles the filters of a request. */

const MAX_FILTERS = 50;
const MAX_FILTER_VALUES = 1_000;
const MAX_VALUE_CHARS = 4_096;
const MAX_PATTERN_CHARS = 1_000;
/** Limit on the total program size of all patterns: RE2 matches in time proportional to program size x text length. */
const MAX_PATTERN_SIZE = 2_000;
const REMEMBERED_VALUES = 10_000;
const OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);
const PATTERNS: ReadonlySet<string> = new Set(['=~', '!~']);

export type ValueTest = (value: string) => boolean;

export type Selects = (values: readonly string[]) => boolean;

export interface CompiledFilters {
  /** Whether a series with these dimension values, in the metric's order, passes every filter. */
  readonly selects: Selects;
  /** Whether it passes the filters by value (`=` and `!=`); patterns are matched only for such series. */
  readonly byValue: Selects;
  /** Sum of the RE2 programs' sizes; 0 without patterns. */
  readonly patternSize: number;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Throws `unknown_dimension` or `invalid_filter`. */
export function checkFilters(metric: Metric, filters: readonly Filter[]): void {
  if (filters.length > MAX_FILTERS) {
    throw new RequestError(
      'invalid_filter',
      `A request takes at most ${MAX_FILTERS} filters; this one has ${filters.length}.`,
      { limit: MAX_FILTERS },
    );
  }
  for (const { dimension, op, values } of filters) {
    if (!metric.dimensions.some((known) => known.name === dimension))
      throw unknownDimension(metric, dimension);
    const details = { dimension, op };
    if (!OPERATORS.has(op)) {
      throw new RequestError(
        'invalid_filter',
        `Filter operators are =, !=, =~ and !~; not "${op}".`,
        details,
      );
    }
    if (values.length > MAX_FILTER_VALUES) {
      throw new RequestError(
        'invalid_filter',
        `A filter takes at most ${MAX_FILTER_VALUES} values; the one on "${dimension}" has ${values.length}.`,
        { ...details, limit: MAX_FILTER_VALUES },
      );
    }
    const wrong = values.find((value) => typeof value !== 'string' || value.length > MAX_VALUE_CHARS);
    if (wrong !== undefined) {
      throw new RequestError(
        'invalid_filter',
        `Filter values are text of at most ${MAX_VALUE_CHARS} characters; one on "${dimension}" is not.`,
        { ...details, limit: MAX_VALUE_CHARS },
      );
    }
  }
}

export function unknownDimension(metric: Metric, dimension: string): RequestError {
  const known = metric.dimensions.map(({ name }) => name);
  const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return new RequestError('unknown_dimension', `"${metric.name}" has no dimension "${dimension}"; ${has}.`, {
    metric: metric.name,
    dimension,
    known,
  });
}

/** The filters in canonical form: sorted and without duplicates. */
export function canonicalFilters(filters: readonly Filter[]): Filter[] {
  const byText = new Map<string, Filter>();
  for (const { dimension, op, values } of filters) {
    const sorted = [...new Set(values)].sort(compare);
    byText.set(JSON.stringify([dimension, op, sorted]), { dimension, op, values: sorted });
  }
  return [...byText].sort(([a], [b]) => compare(a, b)).map(([, filter]) => filter);
}

function compilePattern(pattern: string, dimension: string): RE2JS {
  const details = { dimension, pattern: pattern.slice(0, 200) };
  if (pattern.length > MAX_PATTERN_CHARS) {
    throw new RequestError(
      'invalid_regex',
      `A pattern has at most ${MAX_PATTERN_CHARS} characters; the one on "${dimension}" has ${pattern.length}.`,
      { ...details, limit: MAX_PATTERN_CHARS },
    );
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    // Deep nesting exceeds the parser's recursion: an invalid pattern too.
    if (error instanceof RE2JSException || error instanceof RangeError) {
      throw new RequestError(
        'invalid_regex',
        `The pattern on "${dimension}" is not RE2 syntax: ${error.message}.`,
        details,
      );
    }
    throw error;
  }
}

/** Caches a bounded number of results: series share their dimension values. */
function remembering(test: ValueTest): ValueTest {
  const known = new Map<string, boolean>();
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const verdict = test(value);
    if (known.size >= REMEMBERED_VALUES) known.clear();
    known.set(value, verdict);
    return verdict;
  };
}

function patternTest(filter: Filter, spend: (size: number) => void): ValueTest {
  const patterns = filter.values.map((value) => {
    const pattern = compilePattern(value, filter.dimension);
    spend(pattern.programSize());
    return pattern;
  });
  const wanted = filter.op === '=~';
  // Longer texts are too expensive to match: they pass neither =~ nor !~, so that nothing slips through.
  return remembering(
    (value) =>
      value.length <= MAX_VALUE_CHARS &&
      patterns.some((pattern) => pattern.matcher(value).matches()) === wanted,
  );
}

function valueTest(filter: Filter, spend: (size: number) => void): ValueTest {
  if (filter.op === '=~' || filter.op === '!~') return patternTest(filter, spend);
  const wanted = filter.op === '=';
  if (filter.values.length === 1) {
    const only = filter.values[0]!;
    return (value) => (value === only) === wanted;
  }
  const values = new Set(filter.values);
  return (value) => values.has(value) === wanted;
}

/**
 * Compiles the filters of one request. A dimension that the metric lacks is the empty string (checkFilters refuses it
 * for clients). Throws `invalid_regex` for patterns that are not RE2 or too large.
 */
export class FilterCompiler {
  private size = 0;

  test(filter: Filter): ValueTest {
    return valueTest(filter, (size) => {
      this.size += size;
      if (this.size <= MAX_PATTERN_SIZE) return;
      throw new RequestError(
        'invalid_regex',
        `The patterns of this request are too large together: repeat counts and alternatives multiply. Use fewer or simpler ones, or = with values.`,
        { limit: MAX_PATTERN_SIZE },
      );
    });
  }

  compile(metric: Metric, filters: readonly Filter[]): CompiledFilters {
    const compiled = (some: readonly Filter[]): Selects => {
      const tests = some.map((filter) => ({
        index: metric.dimensions.findIndex(({ name }) => name === filter.dimension),
        test: this.test(filter),
      }));
      const [first] = tests;
      return first !== undefined && tests.length === 1
        ? (values) => first.test(values[first.index] ?? '')
        : (values) => tests.every(({ index, test }) => test(values[index] ?? ''));
    };
    const byValue = compiled(filters.filter(({ op }) => !PATTERNS.has(op)));
    const patterns = filters.filter(({ op }) => PATTERNS.has(op));
    if (patterns.length === 0) return { selects: byValue, byValue, patternSize: 0 };
    const byPattern = compiled(patterns);
    return {
      selects: (values) => byValue(values) && byPattern(values),
      byValue,
      patternSize: this.size,
    };
  }
}

/** Whether `=` filters leave at most one value of the dimension. */
export function isPinned(dimension: string, filters: readonly Filter[]): boolean {
  const wanted = filters.filter((filter) => filter.dimension === dimension && filter.op === '=');
  const [first, ...others] = wanted;
  if (first === undefined) return false;
  const left = first.values.filter((value) => others.every((other) => other.values.includes(value)));
  return new Set(left).size <= 1;
}
