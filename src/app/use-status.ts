import { useEffect, useState } from 'react';
import {
  CoreApp,
  LoadingState,
  dateTime,
  type DataQuery,
  type DataQueryRequest,
  type DataQueryResponse,
  type PanelData,
} from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { from, switchMap } from 'rxjs';
import { DATA_SOURCE_ID } from '../frames/plugin-ids';

const MINUTES = 5;

/** The state of the pipeline behind a data source: its status query, live as long as the component is shown. */
export function useStatus(uid: string): PanelData {
  const [data, setData] = useState<PanelData>(() => waitingFor(statusRequest(uid)));
  useEffect(() => {
    const request = statusRequest(uid);
    const asking = from(getDataSourceSrv().get({ uid, type: DATA_SOURCE_ID }))
      .pipe(switchMap((source) => from(source.query(request))))
      .subscribe({
        next: (response) => setData(withAnswer(request, response)),
        error: (fault: unknown) => setData(withFault(request, fault)),
      });
    return () => asking.unsubscribe();
  }, [uid]);
  return data;
}

function statusRequest(uid: string): DataQueryRequest {
  const to = dateTime();
  const target: DataQuery & { kind: string; version: number } = {
    refId: 'A',
    datasource: { uid, type: DATA_SOURCE_ID },
    kind: 'status',
    version: 1,
  };
  return {
    app: CoreApp.Unknown,
    requestId: `streamkpi-app-${uid}`,
    interval: '1m',
    intervalMs: 60_000,
    range: {
      from: dateTime(to).subtract(MINUTES, 'minutes'),
      to,
      raw: { from: `now-${MINUTES}m`, to: 'now' },
    },
    scopedVars: {},
    targets: [target],
    timezone: 'browser',
    startTime: Date.now(),
  };
}

const waitingFor = (request: DataQueryRequest): PanelData => ({
  state: LoadingState.Loading,
  series: [],
  request,
  timeRange: request.range,
});

function withAnswer(request: DataQueryRequest, { data, state, error, errors }: DataQueryResponse): PanelData {
  const hasFailed = error !== undefined || (errors?.length ?? 0) > 0;
  return {
    state: hasFailed ? LoadingState.Error : (state ?? LoadingState.Done),
    series: data as PanelData['series'],
    request,
    timeRange: request.range,
    ...(error === undefined ? {} : { error }),
    ...(errors === undefined ? {} : { errors }),
  };
}

const withFault = (request: DataQueryRequest, fault: unknown): PanelData => ({
  ...waitingFor(request),
  state: LoadingState.Error,
  error: { message: fault instanceof Error ? fault.message : String(fault) },
});
