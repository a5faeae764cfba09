import type { MetricEntry } from '../../catalogue';
import { QUERY_SCHEMA, type QueryKind, type StreamKpiQuery } from '../../query';

/** What to set in a query; undefined takes the field out, so that its default holds. */
export type QueryChange = { [Field in keyof StreamKpiQuery]?: StreamKpiQuery[Field] | undefined };

/** The object with the changes made; fields set to undefined are gone, as saved JSON has none of them. */
export function changed<Saved extends object>(
  saved: Saved,
  change: { [Field in keyof Saved]?: Saved[Field] | undefined },
): Saved {
  const fields = Object.entries({ ...saved, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields) as Saved;
}

/**
 * Another kind. Open windows are hidden in new series, and events are shown while they are open, unless they are
 * included by name.
 */
export function kindChange({ openWindows }: StreamKpiQuery, kind: QueryKind): QueryChange {
  if (openWindows === 'include') return { kind };
  return { kind, openWindows: kind === 'series' ? 'exclude' : undefined };
}

/**
 * The query for another metric, without the options that this metric lacks: the bridge would refuse them.
 * Names that hold a template variable stay, and everything does where the metric is not known.
 */
export function metricChange(
  query: StreamKpiQuery,
  name: string,
  metric: MetricEntry | undefined,
  isVariable: (name: string) => boolean,
): QueryChange {
  if (metric === undefined) return { metric: name };
  const hasDimension = (dimension: string): boolean =>
    isVariable(dimension) || metric.dimensions.some((known) => known.name === dimension);
  const hasMeasure = (measure: string): boolean =>
    isVariable(measure) || metric.measures.some((known) => known.name === measure);

  const measure = query.measure !== undefined && hasMeasure(query.measure) ? query.measure : undefined;
  const rules = metric.measures.find((known) => known.name === (measure ?? metric.default_measure));
  const { overTime } = query;
  const hasRule =
    overTime !== undefined &&
    (isVariable(overTime) || (rules?.over_time_choices ?? QUERY_SCHEMA.overTime.choices).includes(overTime));
  return {
    metric: name,
    measure,
    filters: unlessEmpty(
      query.filters?.filter(({ dimension }) => dimension === '' || hasDimension(dimension)),
    ),
    // An empty grouping means something: all series in one.
    groupBy: query.groupBy?.length === 0 ? [] : unlessEmpty(query.groupBy?.filter(hasDimension)),
    overTime: hasRule ? overTime : undefined,
  };
}

const unlessEmpty = <Item>(list: readonly Item[] | undefined): readonly Item[] | undefined =>
  list?.length === 0 ? undefined : list;
