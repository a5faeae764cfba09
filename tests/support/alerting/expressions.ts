import { math, variablesOf } from './math';
import type { MaybeNumber, Value } from './values';

/** Grafana's server-side expressions, as far as the rules here use them: reduce, threshold and math. */

export interface ExpressionModel {
  readonly type: string;
  readonly expression: string;
  readonly reducer?: string;
  readonly settings?: { readonly mode?: string; readonly replaceWithValue?: number };
  readonly conditions?: readonly {
    readonly evaluator: { readonly type: string; readonly params: readonly number[] };
  }[];
}

/** The refIds that an expression needs. */
export function neededBy(model: ExpressionModel): readonly string[] {
  return model.type === 'math' ? variablesOf(model.expression) : [model.expression];
}

/** Throws where Grafana would refuse the expression. */
export function evaluate(
  model: ExpressionModel,
  known: ReadonlyMap<string, readonly Value[]>,
): readonly Value[] {
  switch (model.type) {
    case 'reduce':
      return reduce(model, known.get(model.expression) ?? []);
    case 'threshold':
      return threshold(model, known.get(model.expression) ?? []);
    case 'math':
      return math(model.expression, known);
    default:
      throw new Error(`an expression of the unknown type ${model.type}`);
  }
}

/** Of no values a mean is NaN (0 / 0), a sum 0, a count 0, the others NaN. One null or NaN makes all but `last` and `count` NaN. */
const REDUCERS: Readonly<Record<string, (values: readonly MaybeNumber[]) => MaybeNumber>> = {
  sum: total,
  mean: (values) => total(values) / values.length,
  min: (values) => extreme(values, Math.min),
  max: (values) => extreme(values, Math.max),
  count: (values) => values.length,
  last: (values) => (values.length === 0 ? Number.NaN : values.at(-1)!),
  median: (values) =>
    values.length === 0 || hasGap(values) ? Number.NaN : middle(values as readonly number[]),
};

const hasGap = (values: readonly MaybeNumber[]): boolean =>
  values.some((value) => value === null || Number.isNaN(value));

function total(values: readonly MaybeNumber[]): number {
  return hasGap(values) ? Number.NaN : (values as readonly number[]).reduce((sum, value) => sum + value, 0);
}

function extreme(values: readonly MaybeNumber[], choose: (...values: number[]) => number): number {
  return values.length === 0 || hasGap(values) ? Number.NaN : choose(...(values as readonly number[]));
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}

interface Mapper {
  /** Undefined: the value is left out. */
  readonly input: (value: MaybeNumber) => MaybeNumber | undefined;
  readonly output: (value: MaybeNumber) => MaybeNumber;
}

const isNumber = (value: MaybeNumber): boolean => value !== null && Number.isFinite(value);

function mapperOf({ mode = '', replaceWithValue }: NonNullable<ExpressionModel['settings']>): Mapper {
  if (mode === '') return { input: (value) => value, output: (value) => value };
  if (mode === 'dropNN') {
    return {
      input: (value) => (isNumber(value) ? value : undefined),
      output: (value) => (value !== null && Number.isNaN(value) ? null : value),
    };
  }
  if (mode !== 'replaceNN') throw new Error(`reducer mode ${mode} is not supported`);
  if (replaceWithValue === undefined) throw new Error('replaceNN needs replaceWithValue');
  return {
    input: (value) => (isNumber(value) ? value : replaceWithValue),
    output: (value) => (value !== null && Number.isNaN(value) ? replaceWithValue : value),
  };
}

function reduce(model: ExpressionModel, values: readonly Value[]): readonly Value[] {
  const reducer = REDUCERS[model.reducer ?? ''];
  if (reducer === undefined) throw new Error(`reduction ${String(model.reducer)} is not implemented`);
  const mapper = mapperOf(model.settings ?? {});
  return values.flatMap((value): Value[] => {
    switch (value.kind) {
      case 'series': {
        const kept = value.values.map(mapper.input).filter((number) => number !== undefined);
        return [{ kind: 'number', labels: value.labels, value: mapper.output(reducer(kept)) }];
      }
      case 'number': {
        // A number is reduced already; one that is dropped takes its instance with it.
        const number = mapper.input(value.value);
        return number === undefined ? [] : [{ ...value, value: number }];
      }
      case 'none':
        return [value];
      case 'scalar':
        throw new Error('a scalar cannot be reduced');
    }
  });
}

type Predicate = (value: number, params: readonly number[]) => boolean;

const THRESHOLDS: Readonly<Record<string, { readonly params: number; readonly holds: Predicate }>> = {
  gt: { params: 1, holds: (value, [limit]) => value > limit! },
  lt: { params: 1, holds: (value, [limit]) => value < limit! },
  gte: { params: 1, holds: (value, [limit]) => value >= limit! },
  lte: { params: 1, holds: (value, [limit]) => value <= limit! },
  eq: { params: 1, holds: (value, [limit]) => value === limit },
  ne: { params: 1, holds: (value, [limit]) => value !== limit },
  within_range: { params: 2, holds: (value, [low, high]) => value > low! && value < high! },
  outside_range: { params: 2, holds: (value, [low, high]) => value < low! || value > high! },
};

function threshold(model: ExpressionModel, values: readonly Value[]): readonly Value[] {
  const [condition, ...more] = model.conditions ?? [];
  if (condition === undefined || more.length > 0) throw new Error('a threshold has exactly one condition');
  const { type, params } = condition.evaluator;
  const test = THRESHOLDS[type];
  if (test === undefined) throw new Error(`a threshold of the unknown type ${type}`);
  if (params.length < test.params) throw new Error(`the threshold ${type} needs ${test.params} numbers`);
  const judged = (value: MaybeNumber): MaybeNumber =>
    value === null ? null : Number(test.holds(value, params));
  return values.map((value): Value => {
    if (value.kind === 'none') return value;
    if (value.kind === 'series') return { ...value, values: value.values.map(judged) };
    return { ...value, value: judged(value.value) };
  });
}
