import {
  CoreApp,
  DataTopic,
  dateMath,
  LoadingState,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type PanelData,
  type TimeRange,
} from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';
import {
  catchError,
  finalize,
  from,
  map,
  merge,
  of,
  scan,
  share,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import type { HostBackendSrv } from './backend-srv';

/** After so long without an answer the panel shows that it loads. */
const LOADING_AFTER_MS = 200;

/** A relative range moves on while an answer streams. */
function rangeNow({ range }: DataQueryRequest, state: LoadingState): TimeRange {
  if (state !== LoadingState.Streaming || typeof range.raw.from !== 'string') return range;
  const start = dateMath.parse(range.raw.from, false);
  const end = dateMath.parse(range.raw.to, true);
  return start === undefined || end === undefined ? range : { ...range, from: start, to: end };
}

type Packets = Readonly<Record<string, DataQueryResponse>>;

/** Everything a request has brought so far; a packet takes the place of the earlier one with its key. */
function panelData(packets: Packets, newest: DataQueryResponse, request: DataQueryRequest): PanelData {
  const failed = Object.values(packets).find(
    ({ error, errors }) => error !== undefined || (errors?.length ?? 0) > 0,
  );
  const state = failed === undefined ? (newest.state ?? LoadingState.Done) : LoadingState.Error;
  const frames = Object.values(packets).flatMap(({ data }) => data as DataFrame[]);
  const isAnnotation = (frame: DataFrame): boolean => frame.meta?.dataTopic === DataTopic.Annotations;
  return {
    state,
    series: frames.filter((frame) => !isAnnotation(frame)),
    annotations: frames.filter(isAnnotation),
    request,
    timeRange: rangeNow(request, state),
    ...(failed?.error === undefined ? {} : { error: failed.error }),
    ...(failed?.errors === undefined ? {} : { errors: failed.errors }),
  };
}

const isEmpty = (query: object): boolean =>
  Object.keys(query).every((name) => ['refId', 'key', 'datasource', 'hide', 'datasourceId'].includes(name));

function ask(
  source: DataSourceApi,
  request: DataQueryRequest,
  query?: DataSourceApi['query'],
): Observable<DataQueryResponse> {
  request.targets = request.targets.map((target) =>
    isEmpty(target) ? { ...source.getDefaultQuery?.(CoreApp.PanelEditor), ...target } : target,
  );
  if (query !== undefined) return from(query(request));
  request.targets = request.targets.filter(
    (target) => !target.hide && (source.filterQuery?.(target) ?? true),
  );
  return request.targets.length === 0 ? of({ data: [] }) : from(source.query(request));
}

/** Runs a request as Grafana's panels do; what it emits is all data so far. Never fails: errors are data too. */
export const runRequestWith =
  (backend: HostBackendSrv) =>
  (
    source: DataSourceApi,
    request: DataQueryRequest,
    query?: DataSourceApi['query'],
  ): Observable<PanelData> => {
    const nothing: PanelData = { state: LoadingState.Loading, series: [], request, timeRange: request.range };
    if (request.targets.length === 0) return of({ ...nothing, state: LoadingState.Done });
    let last = nothing;
    const answers = ask(source, request, query).pipe(
      scan<DataQueryResponse, { packets: Packets; newest: DataQueryResponse }>(
        ({ packets }, newest) => {
          const key = newest.key ?? (newest.data[0] as { refId?: string } | undefined)?.refId ?? 'A';
          return { packets: { ...packets, [key]: newest }, newest };
        },
        { packets: {}, newest: { data: [] } },
      ),
      map(({ packets, newest }) => {
        request.endTime = Date.now();
        last = panelData(packets, newest, request);
        return last;
      }),
      catchError((reason: unknown) =>
        of({ ...last, state: LoadingState.Error, error: toDataQueryError(reason) }),
      ),
      finalize(() => backend.resolveCancelerIfExists(request.requestId)),
      share(),
    );
    const loading = timer(LOADING_AFTER_MS).pipe(
      map(() => nothing),
      takeUntil(answers),
    );
    return merge(loading, answers);
  };
