import { checkAcrossSeries, checkOverTime } from './combination-rules';
import { RequestError } from './errors';
import { canonicalFilters, checkFilters, FilterCompiler, isPinned, unknownDimension } from './filter';
import { reaches } from './history/tiers';
import { alignDown, chooseStep, type TimeRange } from './ladder';
import { measureIndex, type Metric } from './metric';
import type { Plan } from './query-answer';
import type { Filter, Selection } from './selection';
import { labelsOf, type Labels } from './series';
import { isIrregular, offsetOf } from './windows';

/** Validates a selection against its metric and builds a plan. */

export function unknownMetric(name: string): RequestError {
  return new RequestError(
    'unknown_metric',
    `There is no metric "${name}". GET /api/v1/metrics lists those there are.`,
    { metric: name },
  );
}

/**
 * Whether a tenant's filters may select series of the metric: a dimension that the metric lacks counts as the empty
 * string.
 */
export function isVisible(metric: Metric, tenant: readonly Filter[]): boolean {
  const names = new Set(metric.dimensions.map(({ name }) => name));
  return tenant.every((filter) => names.has(filter.dimension) || new FilterCompiler().test(filter)(''));
}

/** The tenant's filters on dimensions of this metric. */
function tenantFiltersFor(metric: Metric, tenant: readonly Filter[]): Filter[] {
  const names = new Set(metric.dimensions.map(({ name }) => name));
  return tenant.filter(({ dimension }) => names.has(dimension));
}

/**
 * The validated filters of client and tenant. Throws `unknown_dimension`, `invalid_filter`, and `forbidden` when `=`
 * names a value that the tenant's filters exclude.
 */
function effectiveFilters(
  metric: Metric,
  asked: readonly Filter[],
  tenant: readonly Filter[],
): readonly Filter[] {
  checkFilters(metric, asked);
  const fixed = tenantFiltersFor(metric, tenant);
  for (const rule of fixed) {
    const allows = new FilterCompiler().test(rule);
    for (const { dimension, op, values } of asked) {
      if (dimension !== rule.dimension || op !== '=') continue;
      const outside = values.find((value) => !allows(value));
      if (outside === undefined) continue;
      throw new RequestError(
        'forbidden',
        `This token may not see "${outside}" of the dimension "${dimension}". Ask for what its filter allows.`,
        { dimension, value: outside },
      );
    }
  }
  return canonicalFilters([...asked, ...fixed]);
}

function keptDimensions(metric: Metric, groupBy: readonly string[] | undefined): number[] | null {
  if (groupBy === undefined) return null;
  const unknown = groupBy.find((name) => !metric.dimensions.some((dimension) => dimension.name === name));
  if (unknown !== undefined) throw unknownDimension(metric, unknown);
  const kept = metric.dimensions.flatMap(({ name }, index) => (groupBy.includes(name) ? [index] : []));
  return kept.length === metric.dimensions.length ? null : kept;
}

/** Indexes of the dimensions kept by a plan's series, in the metric's order. */
export function keptIndexes(plan: Pick<Plan, 'metric' | 'groupBy'>): number[] {
  const { metric, groupBy } = plan;
  return metric.dimensions.flatMap(({ name }, index) =>
    groupBy === null || groupBy.includes(name) ? [index] : [],
  );
}

/** Whether a series of the answer may have several members. */
export function mayCombineSeries(plan: Pick<Plan, 'metric' | 'groupBy' | 'filters'>): boolean {
  const { metric, groupBy, filters } = plan;
  return (
    groupBy !== null &&
    metric.dimensions.some(({ name }) => !groupBy.includes(name) && !isPinned(name, filters))
  );
}

/** Whether windows are combined over time. */
export function isStepped(plan: Pick<Plan, 'metric' | 'stepMs'>): boolean {
  return !isIrregular(plan.metric.window) && plan.stepMs > plan.metric.window.advanceMs;
}

/**
 * Validates a selection without reading the store. Without a range `max_points` applies to the whole retention. Throws
 * RequestError: unknown_measure, unknown_dimension, invalid_filter, invalid_regex, forbidden, invalid_step,
 * invalid_over_time, not_combinable.
 */
export function makePlan(
  metric: Metric,
  selection: Selection,
  tenant: readonly Filter[],
  range?: TimeRange,
  nowMs?: number,
): Plan {
  if (!isVisible(metric, tenant)) throw unknownMetric(metric.name);
  const name = selection.measure ?? metric.measures[0]!.name;
  const measure = measureIndex(metric, name);
  if (measure < 0) {
    const known = metric.measures.map((other) => other.name);
    throw new RequestError(
      'unknown_measure',
      `"${metric.name}" has no measure "${name}"; it has ${known.join(', ')}.`,
      { metric: metric.name, measure: name, known },
    );
  }
  const definition = metric.measures[measure]!;
  const filters = effectiveFilters(metric, selection.filters ?? [], tenant);
  const kept = keptDimensions(metric, selection.groupBy);
  const groupBy = kept === null ? null : kept.map((index) => metric.dimensions[index]!.name);
  if (groupBy !== null) {
    const dropped = metric.dimensions
      .map((dimension) => dimension.name)
      .filter((dimension) => !groupBy.includes(dimension) && !isPinned(dimension, filters));
    checkAcrossSeries(metric, definition, dropped);
  }
  const { stepMs, warnings } = chooseStep(
    metric,
    selection.stepMs,
    selection.maxPoints,
    range ?? { fromMs: 0, toMs: metric.retentionMs },
    range === undefined || nowMs === undefined
      ? undefined
      : (step) => reaches(metric, step, range.fromMs, nowMs),
  );
  const stepped = isStepped({ metric, stepMs });
  const offsetMs = offsetOf(metric.window);
  const overTime = selection.overTime ?? definition.overTime;
  if (selection.overTime !== undefined || stepped) checkOverTime(metric, definition, overTime);
  const includeOpen = selection.includeOpen ?? true;
  const { selects, byValue, patternSize } = new FilterCompiler().compile(metric, filters);
  return {
    metric,
    measure,
    stepMs,
    overTime,
    includeOpen,
    groupBy,
    filters,
    warnings,
    key: JSON.stringify([
      metric.name,
      definition.name,
      stepMs,
      stepped ? overTime : null,
      includeOpen,
      groupBy,
      filters.map(({ dimension, op, values }) => [dimension, op, values]),
    ]),
    selects,
    groupOf: (values) => groupLabels(metric, kept, values),
    stepOf: stepped ? (startMs) => alignDown(startMs, stepMs) + offsetMs : (startMs) => startMs,
    byValue,
    patternSize,
  };
}

function groupLabels(metric: Metric, kept: readonly number[] | null, values: readonly string[]): Labels {
  if (kept === null) return labelsOf(metric, values);
  const labels: Record<string, string> = {};
  for (const index of kept) labels[metric.dimensions[index]!.name] = values[index] ?? '';
  return labels;
}
