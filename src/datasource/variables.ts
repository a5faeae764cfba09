import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
} from '@grafana/data';
import { from, map, type Observable } from 'rxjs';
import { dimensionKeys } from './adhoc';
import type { CatalogueClient } from './catalogue';
import type { StreamKpiDataSource } from './datasource';
import { VariableEditor } from './editors/VariableEditor';
import { readFilters } from './saved-query';
import { VARIABLE_LISTS, type StreamKpiVariableQuery } from './variable-query';

/** A dashboard shows that many choices at most; a search narrows them. */
const MOST_VALUES = 10_000;

/** What a variable's query needs of the data source. */
export interface VariableSource {
  readonly catalogue: CatalogueClient;
  /** Fills in other variables. */
  replace(text: string): string;
  /** Values that some series has which passes the query's filters; the filters still hold their variables. */
  filteredValues(
    query: StreamKpiVariableQuery,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<readonly string[]>;
}

export interface VariableCircumstances {
  readonly range?: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** What has been typed into the variable's box. */
  readonly search?: string | undefined;
}

/** The choices of a variable. Rejects with a CatalogueError. */
export async function variableChoices(
  query: StreamKpiVariableQuery,
  source: VariableSource,
  { range, search }: VariableCircumstances,
): Promise<MetricFindValue[]> {
  const metric = source.replace(query.metric ?? '');
  switch (query.list) {
    case 'metrics': {
      const metrics = await source.catalogue.metrics();
      return matching(
        metrics.map(({ name, title }) => ({ text: title === '' ? name : title, value: name })),
        search,
      );
    }
    case 'dimensions':
      if (metric !== '') await source.catalogue.metric(metric);
      return matching(await dimensionKeys(source.catalogue, metric === '' ? [] : [metric]), search);
    case 'values':
      return valueChoices(query, metric, source, { range, search });
  }
}

async function valueChoices(
  query: StreamKpiVariableQuery,
  metric: string,
  source: VariableSource,
  { range, search }: VariableCircumstances,
): Promise<MetricFindValue[]> {
  const dimension = source.replace(query.dimension ?? '');
  if (metric === '' || dimension === '') return [];
  const hasFilters = readFilters(query.filters).length > 0;
  if (hasFilters && range !== undefined) {
    const values = await source.filteredValues({ ...query, metric, dimension }, range);
    return matching(values.map(choice), search);
  }
  const answer = await source.catalogue.dimensionValues(metric, dimension, {
    limit: MOST_VALUES,
    prefix: search,
    range: query.inRange === true ? range : undefined,
  });
  return answer.values.map(choice);
}

const choice = (value: string): MetricFindValue => ({ text: value, value });

const matching = (choices: MetricFindValue[], search: string | undefined): MetricFindValue[] => {
  const wanted = search?.toLowerCase() ?? '';
  return choices.filter(
    ({ text, value }) =>
      text.toLowerCase().startsWith(wanted) ||
      String(value ?? '')
        .toLowerCase()
        .startsWith(wanted),
  );
};

/** A variable's query as stored in a dashboard; undefined if it is empty. */
export function asVariableQuery(saved: unknown): StreamKpiVariableQuery | undefined {
  if (typeof saved !== 'object' || saved === null || !('list' in saved)) return undefined;
  const { list } = saved;
  return VARIABLE_LISTS.some((known) => known === list) ? (saved as StreamKpiVariableQuery) : undefined;
}

/** Query variables with an editor of their own. */
export class VariableSupport extends CustomVariableSupport<StreamKpiDataSource, StreamKpiVariableQuery> {
  editor = VariableEditor;

  constructor(private readonly datasource: StreamKpiDataSource) {
    super();
  }

  override getDefaultQuery(): Partial<StreamKpiVariableQuery> {
    return { list: 'values' };
  }

  override query(request: DataQueryRequest<StreamKpiVariableQuery>): Observable<DataQueryResponse> {
    const [target] = request.targets;
    const search: unknown = request.scopedVars['__searchFilter']?.value;
    const options: LegacyMetricFindQueryOptions = {
      scopedVars: request.scopedVars,
      range: request.range,
      ...(typeof search === 'string' ? { searchFilter: search } : {}),
    };
    return from(this.datasource.metricFindQuery(target, options)).pipe(map((data) => ({ data })));
  }
}
