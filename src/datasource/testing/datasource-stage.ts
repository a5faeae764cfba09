import {
  PluginType,
  dataFrameToJSON,
  type DataFrame,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type DataSourcePluginMeta,
} from '@grafana/data';
import {
  config,
  setBackendSrv,
  setDataSourceSrv,
  setTemplateSrv,
  type BackendSrv,
  type BackendSrvRequest,
  type DataSourceSrv,
} from '@grafana/runtime';
import { Observable, map, of, type Subscription } from 'rxjs';
import type { ResourceCall } from '../catalogue';
import { StreamKpiDataSource } from '../datasource';
import { LiveHub } from '../live/live-hub';
import { systemClock, type LiveRequest } from '../live/ports';
import type { StreamKpiOptions } from '../options';
import type { StreamKpiQuery } from '../query';
import { CATALOGUE } from './catalogue';
import { FakeBackend } from './fake-backend';
import { FakeLive } from './fake-live';
import { FakePage } from './fake-page';
import { NOON, lastHours } from './live-stage';
import { DashboardVariables, type DashboardVariable } from './template-variables';

/** The data source in a Grafana page, over a fake backend that the test controls. */

const SETTINGS: DataSourceInstanceSettings<StreamKpiOptions> = {
  id: 1,
  uid: 'uid',
  type: 'streamkpi-realtime-datasource',
  name: 'StreamKPI',
  access: 'proxy',
  readOnly: false,
  jsonData: {},
  meta: { id: 'streamkpi-realtime-datasource', type: PluginType.datasource } as DataSourcePluginMeta,
};

interface Body {
  readonly queries: StreamKpiQuery[];
  readonly from: string;
  readonly to: string;
}

export class DataSourceStage {
  readonly backend = new FakeBackend();
  readonly live = new FakeLive();
  readonly datasource: StreamKpiDataSource;
  /** What was sent to Grafana's query endpoints. */
  readonly sent: { readonly url: string; readonly queries: StreamKpiQuery[]; readonly headers: unknown }[] =
    [];
  readonly resources: { readonly path: string; readonly params: Record<string, string> }[] = [];
  /** What the bridge answers to resource calls. */
  answer: ResourceCall = (path) =>
    Promise.resolve(path === 'metrics' ? CATALOGUE : { values: ['a', 'b'], truncated: false });
  private readonly subscriptions: Subscription[] = [];
  private readonly hub: LiveHub;

  constructor(variables: DashboardVariable[] = []) {
    this.hub = new LiveHub({ clock: systemClock, page: new FakePage(), transport: this.live });
    setTemplateSrv(new DashboardVariables(variables));
    setDataSourceSrv({ getInstanceSettings: () => SETTINGS } as unknown as DataSourceSrv);
    setBackendSrv({ fetch: (request: BackendSrvRequest) => this.fetch(request) } as unknown as BackendSrv);
    this.datasource = new StreamKpiDataSource(SETTINGS, this.hub);
  }

  requestOf(queries: Partial<StreamKpiQuery>[], changes: Partial<LiveRequest> = {}): LiveRequest {
    const targets = queries.map((query, index) => ({ refId: String.fromCharCode(65 + index), ...query }));
    return {
      requestId: 'Q1',
      interval: '15s',
      intervalMs: 15_000,
      maxDataPoints: 1_000,
      range: lastHours(1),
      scopedVars: {},
      targets,
      timezone: 'utc',
      app: 'dashboard',
      startTime: NOON,
      ...changes,
    };
  }

  /** The first response; the query stays subscribed until the end of the test. */
  ask(queries: Partial<StreamKpiQuery>[], changes: Partial<LiveRequest> = {}): Promise<DataQueryResponse> {
    return new Promise((resolve, reject) => {
      const answer = this.datasource.query(this.requestOf(queries, changes));
      this.subscriptions.push(answer.subscribe({ next: resolve, error: reject }));
    });
  }

  end(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    config.publicDashboardAccessToken = '';
  }

  private fetch({ url, data, params, headers }: BackendSrvRequest): Observable<unknown> {
    const path = /\/resources\/(.*)$/.exec(url)?.[1];
    if (path !== undefined) {
      const asked = { path, params: (params ?? {}) as Record<string, string> };
      this.resources.push(asked);
      return new Observable((subscriber) => {
        this.answer(asked.path, asked.params).then(
          (body) => {
            subscriber.next({ data: body });
            subscriber.complete();
          },
          (fault: unknown) => subscriber.error(fault),
        );
      });
    }
    const { queries = [], from = '0', to = '0' } = (data ?? {}) as Partial<Body>;
    this.sent.push({ url, queries, headers });
    const span = { from: { valueOf: () => Number(from) }, to: { valueOf: () => Number(to) } };
    const request = { targets: queries, range: span } as unknown as LiveRequest;
    if (url.includes('/public/')) return of({ data: resultsOf(this.publicAnswer()) });
    return this.backend.history(request).pipe(map((response) => ({ data: resultsOf(response) })));
  }

  /** On a public dashboard the queries are the backend's own. */
  private publicAnswer(): DataQueryResponse {
    const asked = this.requestOf([{ metric: 'events', live: false }]);
    let answer: DataQueryResponse = { data: [] };
    this.backend.history(asked).subscribe((response) => (answer = response));
    return answer;
  }
}

function resultsOf(response: DataQueryResponse): object {
  const results: Record<string, { status: number; error?: string | undefined; frames: unknown[] }> = {};
  for (const frame of response.data as DataFrame[]) {
    const result = (results[frame.refId ?? 'A'] ??= { status: 200, frames: [] });
    result.frames.push(dataFrameToJSON(frame));
  }
  for (const { refId = 'A', message, status = 500 } of response.errors ?? []) {
    results[refId] = { status, error: message, frames: [] };
  }
  return { results };
}
