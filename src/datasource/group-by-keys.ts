import type { DataQueryRequest } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import type { CatalogueClient, MetricEntry } from './catalogue';
import { QUERY_SCHEMA, type StreamKpiQuery } from './query';
import { readQuery } from './saved-query';

/** What a dashboard's group-by variable has selected, as the grouping of its queries. */

const GROUPED: readonly unknown[] = ['series', 'summary', 'forecast'];

/**
 * The queries grouped by those of the keys that their metric has, in place of their own grouping. A query whose metric
 * has none of them stays as it is. Where the catalogue cannot be read every key counts: the backend has the last word.
 */
export async function groupedBy(
  keys: readonly string[],
  { targets, scopedVars }: Pick<DataQueryRequest<StreamKpiQuery>, 'targets' | 'scopedVars'>,
  catalogue: Pick<CatalogueClient, 'metrics'>,
): Promise<StreamKpiQuery[]> {
  const metrics = await catalogue.metrics().catch((): readonly MetricEntry[] => []);
  return targets.map((target) => {
    const query = readQuery(target);
    const { kind = QUERY_SCHEMA.kind.default, metric = '' } = query;
    if (!GROUPED.includes(kind)) return target;
    const name = getTemplateSrv().replace(metric, scopedVars);
    const known = metrics.find((entry) => entry.name === name);
    const groupBy = keys.filter(
      (key) => known === undefined || known.dimensions.some((dimension) => dimension.name === key),
    );
    return groupBy.length === 0 ? target : { ...query, groupBy };
  });
}
