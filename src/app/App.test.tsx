import React from 'react';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import {
  LoadingState,
  type AppRootProps,
  type CurrentUserDTO,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type DataSourceInstanceSettings,
} from '@grafana/data';
import {
  locationService,
  setBackendSrv,
  setCurrentUser,
  setDataSourceSrv,
  type BackendSrv,
  type DataSourceSrv,
  type PanelRendererProps,
} from '@grafana/runtime';
import { BehaviorSubject, type Observable } from 'rxjs';
import { KpiPanel } from '../panel/KpiPanel';
import { statusFrame } from '../panel/testing/frames';
import { panelProps } from '../panel/testing/panel-props';
import { plugin } from '../module';
import { App } from './App';
import { navItemOf, pageAt } from './pages';

// Grafana puts the panel's plugin there; here it is this app's panel itself.
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual<object>('@grafana/runtime'),
  PanelRenderer: ({ data, options, title, width, height }: PanelRendererProps) => (
    <KpiPanel {...panelProps(data!.series, { data: data!, options: options ?? {}, title, width, height })} />
  ),
}));

interface Answers {
  readonly status: BehaviorSubject<DataQueryResponse>;
  readonly requests: DataQueryRequest[];
}

/** A Grafana with these data sources, and what was sent to its API. */
function grafana(names: Readonly<Record<string, string>>, refuses?: string, dashboards?: readonly object[]) {
  const sent: { url: string; data?: unknown }[] = [];
  const answers: Answers = {
    status: new BehaviorSubject<DataQueryResponse>({ data: [], state: LoadingState.Loading }),
    requests: [],
  };
  const list = Object.entries(names).map(
    ([uid, name]) =>
      ({ uid, name, type: 'streamkpi-realtime-datasource' }) as unknown as DataSourceInstanceSettings,
  );
  let reloads = 0;
  const source = {
    query: (request: DataQueryRequest): Observable<DataQueryResponse> => {
      answers.requests.push(request);
      return answers.status;
    },
  } as unknown as DataSourceApi;
  setDataSourceSrv({
    getList: () => list,
    get: () => Promise.resolve(source),
    reload: () => Promise.resolve(void (reloads += 1)),
  } as unknown as DataSourceSrv);
  setBackendSrv({
    get: (url: string) => {
      sent.push({ url });
      const provisioned = {
        uid: 'p',
        title: 'StreamKPI: Pipeline health',
        url: '/d/p',
        folderTitle: 'Operations',
      };
      return Promise.resolve(
        dashboards ?? [{ uid: 'r', title: 'StreamKPI: Real-time analytics', url: '/d/r' }, provisioned],
      );
    },
    post: (url: string, data: { uid?: string }) => {
      sent.push({ url, data });
      return refuses === undefined
        ? Promise.resolve({ datasource: { uid: data.uid ?? 'generated' } })
        : Promise.reject(Object.assign(new Error(), { data: { message: refuses } }));
    },
  } as unknown as BackendSrv);
  return { sent, ...answers, reloads: () => reloads };
}

// The types of its package are not installed.
const addressNow = (): string => (locationService.getLocation() as { readonly pathname: string }).pathname;

const permissions: Record<string, boolean> = {};
const mayAdd = (allowed: boolean): void => {
  permissions['datasources:create'] = permissions['datasources:write'] = allowed;
  permissions['plugins:write'] = allowed;
};

const PROPS = { path: '/a/streamkpi-realtime-app', basename: '', query: {} } as unknown as AppRootProps;

async function open(): Promise<void> {
  render(<App {...PROPS} />);
  await screen.findByRole('link', { name: 'StreamKPI: Real-time analytics' });
}

beforeAll(() => setCurrentUser({ permissions } as unknown as CurrentUserDTO));
beforeEach(() => {
  mayAdd(true);
  jest.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(800);
});
afterEach(() => jest.restoreAllMocks());

test('Grafana shows the same page at the address of the app and right after it was enabled', () => {
  expect(plugin.root).toBe(App);
  expect(plugin.configPages?.map(({ title }) => title)).toEqual(['Get started']);
  expect(plugin.configPages?.[0]?.body).toBe(pageAt(PROPS.path).Content);
  expect(pageAt('/a/streamkpi-realtime-app/no-such-page').title()).toBe('Get started');
});

test('a page that Grafana lists in its menu is in the breadcrumbs once', () => {
  // Grafana drops its own entry where the page's has the same address.
  expect(navItemOf(pageAt(`${PROPS.path}/connect`), '/grafana')).toEqual({
    text: 'Connect a topic',
    url: '/grafana/a/streamkpi-realtime-app/connect',
  });
  // That entry is the app's name, and stays.
  expect(navItemOf(pageAt(PROPS.path), '')).toEqual({ text: 'Get started' });
});

test('without a data source it says what to do, and adds one under the uid that shared dashboards read', async () => {
  const { sent, reloads } = grafana({});
  await open();
  expect(screen.getByText(/No StreamKPI data source yet/)).toHaveTextContent(/URL of the bridge/);
  await userEvent.click(screen.getByRole('button', { name: 'Add data source' }));
  expect(sent).toContainEqual({
    url: '/api/datasources',
    data: { name: 'StreamKPI', type: 'streamkpi-realtime-datasource', access: 'proxy', uid: 'streamkpi' },
  });
  expect(reloads()).toBe(1);
  expect(addressNow()).toBe('/connections/datasources/edit/streamkpi');
});

test('another data source gets a name that is free, and a uid of its own', async () => {
  const { sent } = grafana({ streamkpi: 'streamkpi', other: 'StreamKPI 2' });
  await open();
  await userEvent.click(screen.getByRole('button', { name: 'Add data source' }));
  expect(sent.at(-1)?.data).toEqual({
    name: 'StreamKPI 3',
    type: 'streamkpi-realtime-datasource',
    access: 'proxy',
  });
  expect(addressNow()).toBe('/connections/datasources/edit/generated');
});

test('a data source that Grafana does not add is explained in its own words', async () => {
  grafana({}, 'Access denied');
  await open();
  await userEvent.click(screen.getByRole('button', { name: 'Add data source' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('Access denied');
  expect(screen.getByRole('button', { name: 'Add data source' })).toBeEnabled();
});

test('users without permission to add data sources see who can', async () => {
  mayAdd(false);
  grafana({});
  await open();
  expect(screen.queryByRole('button', { name: 'Add data source' })).toBeNull();
  expect(screen.getByText(/Only a Grafana administrator/)).toBeInTheDocument();
});

test('without dashboards only those who may import them are led there', async () => {
  grafana({}, undefined, []);
  const { unmount } = render(<App {...PROPS} />);
  expect(await screen.findByRole('link', { name: 'Import dashboards' })).toBeInTheDocument();
  unmount();
  mayAdd(false);
  render(<App {...PROPS} />);
  expect(await screen.findByText(/Only a Grafana administrator can import them/)).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Import dashboards' })).toBeNull();
});

test('each data source shows the state of its pipeline as the status panel does, and follows it', async () => {
  const { status, requests } = grafana({ a: 'Production' });
  await open();
  expect(requests.map(({ targets }) => targets)).toEqual([
    [
      expect.objectContaining({
        kind: 'status',
        datasource: { uid: 'a', type: 'streamkpi-realtime-datasource' },
      }),
    ],
  ]);
  act(() => status.next({ data: [statusFrame()], state: LoadingState.Streaming }));
  const group = screen.getByRole('group', { name: 'System status' });
  expect(within(group).getByRole('list', { name: 'Hops of the pipeline' })).toBeInTheDocument();
  const message = 'No bridge listens at http://bridge:8765. Start the bridge, or correct the URL.';
  act(() => status.next({ data: [], errors: [{ message }], error: { message }, state: LoadingState.Error }));
  expect(screen.getByText(message)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Settings' })).toHaveAttribute(
    'href',
    '/connections/datasources/edit/a',
  );
});

test('leads to the settings of a data source only those who may change them', async () => {
  mayAdd(false);
  grafana({ a: 'Production' });
  await open();
  expect(screen.getByRole('heading', { name: 'Production' })).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Settings' })).not.toBeInTheDocument();
});

test('leads to the dashboards and the guides', async () => {
  grafana({});
  await open();
  const [bundled, provisioned] = screen.getAllByRole('link', { name: /^StreamKPI: / });
  expect(bundled?.closest('li')).not.toHaveTextContent('folder');
  expect(provisioned?.closest('li')).toHaveTextContent('in the folder Operations');
  expect(screen.getByRole('link', { name: 'Open dashboards' })).toHaveAttribute(
    'href',
    '/dashboards?tag=streamkpi',
  );
  expect(screen.getByRole('link', { name: /Connect your own topics/ })).toHaveAttribute(
    'href',
    expect.stringMatching(/docs\/guides\/connect-your-topics\.md$/),
  );
  expect(screen.getByRole('link', { name: /Forecasts and anomalies/ })).toHaveAttribute(
    'href',
    expect.stringMatching(/docs\/guides\/forecasts-and-anomalies\.md$/),
  );
});
