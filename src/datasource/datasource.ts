import {
  CoreApp,
  LoadingState,
  dateTime,
  type AdHocVariableFilter,
  type DataFrame,
  type DataQueryError,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  type ScopedVars,
  type TimeRange,
} from '@grafana/data';
import { DataSourceWithBackend, config, getTemplateSrv } from '@grafana/runtime';
import { defer, lastValueFrom, map, of, switchMap, type Observable } from 'rxjs';
import { withFrameMeta } from '../frames/frame-meta';
import { t } from '../locales/translate';
import { asQueryFilters, dimensionKeys, dimensionValues, toQueryFilters } from './adhoc';
import { annotationSupport } from './annotations';
import { withAnomalyTexts } from './anomaly-texts';
import { withBandColors } from './band-colors';
import { BACKTEST_DAYS, readBacktest, type Backtest } from './backtest';
import { CatalogueClient } from './catalogue';
import { pageHub } from './grafana-page';
import { groupedBy } from './group-by-keys';
import { InterpolationError, asSaved, interpolateFilters, interpolateQuery } from './interpolation';
import type { LiveHub } from './live/live-hub';
import { errorsOf, sentenceOf, withLostAnswers } from './live/history-answer';
import { liveQuery, mayGoLive } from './live/live-query';
import { withNoticesKept } from './lost-notices';
import type { StreamKpiOptions } from './options';
import type { StreamKpiQuery } from './query';
import { publicAnswer } from './public-dashboard';
import { queryText } from './query-text';
import { isRecord, readFilters, readQuery } from './saved-query';
import type { StreamKpiVariableQuery } from './variable-query';
import { VariableSupport, asVariableQuery, variableChoices } from './variables';

type Request = DataQueryRequest<StreamKpiQuery>;

/** Metrics of a StreamKPI bridge: history by query, kept up to date by the live stream. */
export class StreamKpiDataSource extends DataSourceWithBackend<StreamKpiQuery, StreamKpiOptions> {
  /** What the bridge has, for editors, variables and ad-hoc filters. */
  readonly catalogue: CatalogueClient;
  /** Queries whose variables are filled in: what a variable brought is not read as one again. */
  private readonly filled = new WeakSet();

  constructor(
    settings: DataSourceInstanceSettings<StreamKpiOptions>,
    private readonly hub: LiveHub = pageHub(),
  ) {
    super(settings);
    this.catalogue = new CatalogueClient((path, params) =>
      this.getResource<unknown>(path, params, { showErrorAlert: false }),
    );
    this.annotations = annotationSupport;
    // Its editor and query are typed for this data source, where Grafana's type says any.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    this.variables = new VariableSupport(this);
  }

  override query(request: Request): Observable<DataQueryResponse> {
    // There the backend knows the queries, and Live is not to be had.
    if (isPublicDashboard()) {
      const asked = request.targets.filter((target) => this.filterQuery(target));
      return super.query(request).pipe(
        map((response) => publicAnswer(asked, answered(asked, response), Date.now())),
        map(withBandColors(request)),
        map(withAnomalyTexts),
      );
    }
    if (request.groupByKeys !== undefined && request.groupByKeys.length > 0) {
      const { groupByKeys, ...rest } = request;
      return defer(() => groupedBy(groupByKeys, request, this.catalogue)).pipe(
        switchMap((targets) => this.query({ ...rest, targets })),
      );
    }
    return defer(() => {
      const { targets, errors } = this.fill(request);
      const filled: Request = { ...request, targets };
      const answers =
        targets.length === 0
          ? of<DataQueryResponse>({ data: [] })
          : this.answers(filled).pipe(
              map(withBandColors(request)),
              map(withAnomalyTexts),
              map(withNoticesKept(request)),
            );
      const complete =
        errors.length === 0 ? answers : answers.pipe(map((response) => withErrors(response, errors)));
      return isMixed(request) ? complete.pipe(map((response) => withSource(this.name, response))) : complete;
    });
  }

  override applyTemplateVariables(
    query: StreamKpiQuery,
    scopedVars: ScopedVars,
    filters: AdHocVariableFilter[] = [],
  ): StreamKpiQuery {
    if (this.filled.has(query)) return query;
    const filled = interpolateQuery(query, { templates: getTemplateSrv(), scopedVars });
    const adhocFilters = toQueryFilters(filters);
    return { ...filled, ...(adhocFilters.length === 0 ? {} : { adhocFilters }), interpolated: true };
  }

  /**
   * For Explore and new alert rules, which lose a query that this throws on: the dashboard's filters become the
   * query's own, where they can be seen, and what cannot be filled in stays, so that the query itself says why.
   */
  override interpolateVariablesInQueries(
    queries: StreamKpiQuery[],
    scopedVars: ScopedVars | null | undefined,
    dashboardFilters?: AdHocVariableFilter[] | null,
  ): StreamKpiQuery[] {
    const variables = { templates: getTemplateSrv(), scopedVars: scopedVars ?? {} };
    const adhoc = asQueryFilters(dashboardFilters ?? []).map(asSaved);
    return (queries as (StreamKpiQuery | null)[]).map((query) => {
      if (!isRecord(query) || !this.owns(query)) return query as StreamKpiQuery;
      const {
        adhocFilters: _,
        interpolated: __,
        ...rest
      } = interpolateQuery(query, variables, { keepsUnknown: true });
      const filters = adhoc.length === 0 ? {} : { filters: [...readFilters(rest.filters), ...adhoc] };
      return { ...rest, ...filters, datasource: this.getRef() };
    });
  }

  /** A query without a metric is incomplete and is not sent. */
  override filterQuery(saved: StreamKpiQuery): boolean {
    const { hide, kind, metric } = readQuery(saved);
    if (hide === true) return false;
    return kind === 'status' || (metric !== undefined && metric !== '');
  }

  /** Of new queries only: saved ones without a choice of open windows keep those in their lines. */
  override getDefaultQuery(_app: CoreApp): Partial<StreamKpiQuery> {
    return { version: 1, kind: 'series', openWindows: 'exclude' };
  }

  override getQueryDisplayText(query: StreamKpiQuery): string {
    return queryText(query);
  }

  override getTagKeys(options?: DataSourceGetTagKeysOptions<StreamKpiQuery>): Promise<MetricFindValue[]> {
    return dimensionKeys(this.catalogue, this.metricsOf(options?.queries));
  }

  override getGroupByKeys(options?: DataSourceGetTagKeysOptions<StreamKpiQuery>): Promise<MetricFindValue[]> {
    return this.getTagKeys(options);
  }

  override getTagValues(options: DataSourceGetTagValuesOptions<StreamKpiQuery>): Promise<MetricFindValue[]> {
    return dimensionValues(this.catalogue, this.metricsOf(options.queries), options.key);
  }

  override async metricFindQuery(
    saved: unknown,
    options: LegacyMetricFindQueryOptions = {},
  ): Promise<MetricFindValue[]> {
    const query = asVariableQuery(saved);
    if (query === undefined) return [];
    const { scopedVars = {}, range, searchFilter } = options;
    const source = {
      catalogue: this.catalogue,
      replace: (text: string) => getTemplateSrv().replace(text, scopedVars),
      filteredValues: (asked: StreamKpiVariableQuery) => this.filteredValues(asked, scopedVars, range),
    };
    return variableChoices(query, source, {
      range: range === undefined ? undefined : rangeInMs(range),
      search: searchFilter,
    });
  }

  /** What a rule on the forecast's score would have done lately; rejects with an Error whose message is a sentence. */
  async backtest(query: StreamKpiQuery): Promise<Backtest> {
    const target: StreamKpiQuery = {
      ...this.applyTemplateVariables(query, {}),
      refId: 'backtest',
      kind: 'forecast',
      forecastAs: 'backtest',
      timeShift: '0',
      live: false,
      datasource: this.getRef(),
    };
    const to = dateTime();
    const from = dateTime(to).subtract(BACKTEST_DAYS, 'days');
    const [table] = await this.askOnce(target, {
      range: { from, to, raw: { from, to } },
      scopedVars: {},
      requestId: `${this.uid}-backtest-${query.refId}`,
    });
    return readBacktest(table);
  }

  /** The frames of one query that no panel shows. */
  private async askOnce(
    target: StreamKpiQuery,
    { range, scopedVars, requestId }: { range: TimeRange; scopedVars: ScopedVars; requestId: string },
  ): Promise<DataFrame[]> {
    this.filled.add(target);
    const request = {
      app: CoreApp.Dashboard,
      requestId,
      interval: '',
      intervalMs: 0,
      range,
      scopedVars,
      targets: [target],
      timezone: '',
      startTime: Date.now(),
    };
    const { data, error } = withLostAnswers([target.refId], await lastValueFrom(super.query(request)));
    if (error !== undefined) throw new Error(sentenceOf(error));
    return data as DataFrame[];
  }

  private answers(request: Request): Observable<DataQueryResponse> {
    const history = (asked: Request): Observable<DataQueryResponse> => {
      for (const target of asked.targets) this.filled.add(target);
      return super.query(asked);
    };
    const once = (): Observable<DataQueryResponse> =>
      history(request).pipe(map((response) => answered(request.targets, response)));
    if (isAlerting(request) || !mayGoLive(request, this.hub.clock.now())) return once();
    if (isMixed(request)) return once().pipe(map((response) => notLive(response, mixedIsNotLive())));
    return liveQuery(request, { hub: this.hub, history, uid: this.uid });
  }

  /** Each query with its variables filled in, or the reason why they cannot be. */
  private fill(request: Request): { targets: StreamKpiQuery[]; errors: DataQueryError[] } {
    const targets: StreamKpiQuery[] = [];
    const errors: DataQueryError[] = [];
    // Annotations are read with the dashboard and never stream.
    const isAnnotation = request.scopedVars['__annotation'] !== undefined;
    for (const query of request.targets) {
      if (!this.filterQuery(query)) continue;
      try {
        const filled = this.applyTemplateVariables(query, request.scopedVars, request.filters);
        targets.push(isAnnotation ? { ...filled, live: false } : filled);
      } catch (fault) {
        if (!(fault instanceof InterpolationError)) throw fault;
        errors.push({ refId: query.refId, message: fault.message, status: 400 });
      }
    }
    return { targets, errors };
  }

  /** A request may also hold expressions and queries of other data sources. */
  private owns({ datasource }: StreamKpiQuery): boolean {
    return typeof datasource?.type !== 'string' || datasource.type === this.type;
  }

  private metricsOf(queries: readonly StreamKpiQuery[] = []): string[] {
    return queries.flatMap((query) => getTemplateSrv().replace(readQuery(query).metric ?? '') || []);
  }

  /** The catalogue lists a dimension's values without conditions; a summary knows those that pass the filters. */
  private async filteredValues(
    { metric, dimension, filters }: StreamKpiVariableQuery,
    scopedVars: ScopedVars,
    range: TimeRange | undefined,
  ): Promise<string[]> {
    if (metric === undefined || dimension === undefined || range === undefined) return [];
    const target: StreamKpiQuery = {
      refId: 'values',
      kind: 'summary',
      metric,
      filters: interpolateFilters(readFilters(filters), { templates: getTemplateSrv(), scopedVars }),
      openWindows: 'include',
      live: false,
      interpolated: true,
      datasource: this.getRef(),
    };
    const [table] = await this.askOnce(target, {
      range,
      scopedVars,
      requestId: `${this.uid}-values-${metric}-${dimension}`,
    });
    const column = table?.fields.find(({ name }) => name === dimension || name === `label_${dimension}`);
    return [...new Set((column?.values ?? []) as string[])].sort();
  }
}

/** A dashboard's range as the catalogue takes it. */
const rangeInMs = (range: TimeRange): { fromMs: number; toMs: number } => ({
  fromMs: range.from.valueOf(),
  toMs: range.to.valueOf(),
});

const isPublicDashboard = (): boolean =>
  config.publicDashboardAccessToken !== undefined && config.publicDashboardAccessToken !== '';

const ALERTING_APPS: readonly string[] = [CoreApp.UnifiedAlerting, CoreApp.CloudAlerting];

/** Previews of alert rules show what the rule would read. */
const isAlerting = ({ app }: Request): boolean => ALERTING_APPS.includes(app);

/** Grafana's Mixed data source hands a panel's queries out under ids of its own, and waits until each is complete. */
const isMixed = ({ requestId }: Request): boolean => requestId.startsWith('mixed-');

/** Among several data sources an error says whose it is, in Grafana's own form for those that throw. */
function withSource(name: string, response: DataQueryResponse): DataQueryResponse {
  const errors = response.errors ?? (response.error === undefined ? [] : [response.error]);
  const named = errors.map((error) => ({ ...error, message: `${name}: ${sentenceOf(error)}` }));
  return { ...response, ...errorsOf(named) };
}

const mixedIsNotLive = (): string =>
  t('live.mixed', 'A panel with mixed data sources has no live updates; refresh the dashboard for new data.');

/** A query without frames and without an error was not answered. */
const answered = (targets: readonly StreamKpiQuery[], response: DataQueryResponse): DataQueryResponse =>
  withLostAnswers(
    targets.map(({ refId }) => refId),
    response,
  );

const notLive = (response: DataQueryResponse, why: string): DataQueryResponse => ({
  ...response,
  data: (response.data as DataFrame[]).map((frame) =>
    withFrameMeta(frame, { state: 'static', state_message: why }),
  ),
});

function withErrors(response: DataQueryResponse, errors: readonly DataQueryError[]): DataQueryResponse {
  const reported = response.errors ?? (response.error === undefined ? [] : [response.error]);
  return { ...response, ...errorsOf([...reported, ...errors]), state: LoadingState.Error };
}
