import type { AdHocVariableFilter, MetricFindValue } from '@grafana/data';
import type { CatalogueClient, MetricEntry } from './catalogue';
import { InterpolationError } from './interpolation';
import { FILTER_OPERATORS, type FilterOperator, type QueryFilter } from './query';
import { t } from '../locales/translate';

/** The dashboard's ad-hoc filters. */

const OPERATORS: Readonly<Record<string, FilterOperator>> = {
  '=': '=',
  '!=': '!=',
  '=~': '=~',
  '!~': '!~',
  '=|': '=',
  '!=|': '!=',
};

/** As filters of a query; unfinished ones are left out. Throws an InterpolationError for unknown operators. */
export const toQueryFilters = (filters: readonly AdHocVariableFilter[]): QueryFilter[] =>
  asQueryFilters(filters).map((filter) => {
    if (FILTER_OPERATORS.includes(filter.op)) return filter;
    throw new InterpolationError(
      t(
        'adhoc.operator',
        'The dashboard\'s filter on "{{dimension}}" uses {{operator}}, which labels cannot be compared with. Use =, !=, =~, !~, or one of several values.',
        { dimension: filter.dimension, operator: filter.op },
      ),
    );
  });

/** As filters of a query, with operators that the backend refuses still in them; half-made ones are left out. */
export const asQueryFilters = (filters: readonly AdHocVariableFilter[]): QueryFilter[] =>
  filters
    .filter(({ key, operator }) => Boolean(key) && Boolean(operator))
    .map(({ key, operator, value, values }) => {
      const several = operator.endsWith('|') && Array.isArray(values) && values.length > 0;
      return {
        dimension: key,
        op: OPERATORS[operator] ?? (operator as FilterOperator),
        values: several ? values : [value],
      };
    });

const MOST_VALUES = 1_000;

/** The dimensions of the metrics, each once, in order of their names. */
export async function dimensionKeys(
  catalogue: CatalogueClient,
  metricNames: readonly string[],
): Promise<MetricFindValue[]> {
  const metrics = await chosenMetrics(catalogue, metricNames);
  const names = new Set(metrics.flatMap((metric) => metric.dimensions.map(({ name }) => name)));
  return [...names].sort().map((name) => ({ text: name, value: name }));
}

/** Known values of the dimension over the metrics that have it. */
export async function dimensionValues(
  catalogue: CatalogueClient,
  metricNames: readonly string[],
  dimension: string,
): Promise<MetricFindValue[]> {
  const metrics = (await chosenMetrics(catalogue, metricNames)).filter((metric) =>
    metric.dimensions.some(({ name }) => name === dimension),
  );
  const answers = await Promise.all(
    metrics.map(({ name }) => catalogue.dimensionValues(name, dimension, { limit: MOST_VALUES })),
  );
  const values = new Set(answers.flatMap((answer) => answer.values));
  return [...values].sort().map((value) => ({ text: value, value }));
}

/** Those of the names that exist; all where none is named. */
async function chosenMetrics(
  catalogue: CatalogueClient,
  names: readonly string[],
): Promise<readonly MetricEntry[]> {
  const all = await catalogue.metrics();
  const chosen = all.filter(({ name }) => names.includes(name));
  return chosen.length > 0 ? chosen : all;
}
