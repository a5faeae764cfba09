import type { Browser } from 'playwright-core';
import type { RunningHost } from '../../host/server/host-server';
import { startFakeBridge, type FakeBridge } from '../support/fake-bridge/fake-bridge';
import { freePort } from '../support/free-port';
import { SENTENCE } from '../support/sentence';
import { startBrowser } from './rig/browser';
import { dashboardFolder, dashboardOf, SOURCE, startBuiltApp } from './rig/built-app';
import { MINUTE_MS, minuteOf, START_MS } from './rig/stage';
import { openView, type View } from './rig/view';

/** Whatever is wrong, a person reads it where they look: in the panel, in Explore and in Save & test. */

const METRIC = 'events_per_minute';
const QUERY = { refId: 'A', datasource: SOURCE, version: 1, kind: 'series', metric: METRIC };
const QUERIES = {
  plain: QUERY,
  broken: { ...QUERY, refId: 'B', filters: [{ dimension: 'segment', op: '=~', values: ['(gold'] }] },
} as const;
/** Panels of Grafana's own: what is wrong must be read there too, while the last numbers stay. */
const GRAFANAS_OWN = [
  { title: 'graph', type: 'timeseries', query: QUERY },
  { title: 'hops', type: 'table', query: { ...QUERY, kind: 'status', metric: undefined } },
] as const;
const EXPLORE = JSON.stringify({ queries: Object.values(QUERIES) });
type Asked = keyof typeof QUERIES;

const DASHBOARD = dashboardOf(
  'faults',
  [
    ...Object.entries(QUERIES).map(([title, query]) => ({ title, type: 'streamkpi-kpi-panel', query })),
    ...GRAFANAS_OWN,
  ],
  { columns: 2, height: 12, from: 'now-1h' },
);

interface Fault {
  readonly name: string;
  readonly wrong?: (bridge: FakeBridge) => void;
  readonly isDown?: boolean;
  readonly asked?: Asked;
  /** In the panel and in Explore; absent: they show numbers. */
  readonly says?: RegExp;
  /** In Save & test; absent: it is content. */
  readonly tested?: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'an unreachable bridge',
    isDown: true,
    says: /No bridge listens at .+\. Start the bridge, or correct the URL in the data source settings\./,
    tested: /No bridge listens at .+ Start the bridge/,
  },
  {
    name: 'a wrong token',
    wrong: (bridge) => bridge.setTokens(['another-token']),
    says: /\(unauthenticated\)\. Save a valid token in the data source settings\./,
    tested: /\(unauthenticated\)\. Save a valid token/,
  },
  {
    name: 'a deleted metric',
    wrong: (bridge) => bridge.hide(METRIC),
    says: /events_per_minute.+\(unknown_metric\)\. Choose another metric/,
  },
  { name: 'a broken filter expression', asked: 'broken', says: /\(gold.+\(invalid_regex\)\./ },
  {
    name: 'the bridge of before this contract',
    wrong: ({ misbehaviour }) => (misbehaviour.original = true),
    says: /No StreamKPI bridge found .+\. Check the URL in the data source settings\./,
    tested: /No StreamKPI bridge found .+ Check the URL/,
  },
  {
    name: 'an older bridge',
    wrong: ({ status }) => void (status['capabilities'] = ['query', 'summary']),
    tested: /too old for this plugin: it lacks .+ Update the bridge\./,
  },
];

describe('faults', () => {
  let port: number;
  let dashboards: ReturnType<typeof dashboardFolder>;
  let host: RunningHost;
  let browser: Browser;
  let bridge: FakeBridge | undefined;
  let dashboard: View;
  let explore: View;
  let settings: View;

  beforeAll(async () => {
    dashboards = dashboardFolder([DASHBOARD]);
    port = await freePort();
    host = await startBuiltApp({
      bridgeUrl: `http://127.0.0.1:${port}`,
      bridgeToken: 'a-token',
      dashboards: dashboards.path,
    });
    browser = await startBrowser();
    const open = (path: string): Promise<View> => openView(browser, host.address, path);
    dashboard = await open('/d/faults');
    explore = await open(`/explore?ds=${SOURCE.uid}&explore=${encodeURIComponent(EXPLORE)}`);
    settings = await open(`/connections/datasources/edit/${SOURCE.uid}`);
  }, START_MS);
  afterEach(async () => {
    await bridge?.close();
    bridge = undefined;
  });
  afterAll(async () => {
    await browser.close();
    await host.close();
    dashboards.remove();
  });

  const startBridge = async (): Promise<FakeBridge> => {
    bridge = await startFakeBridge({ port, tokens: ['a-token'] });
    bridge.points.putValue(METRIC, { segment: 'gold' }, minuteOf(Date.now()) - 2 * MINUTE_MS, 7);
    for (const { name } of bridge.points.metrics) bridge.points.setWatermark(name, Date.now());
    return bridge;
  };

  const inPanel = async (asked: Asked, wanted: RegExp): Promise<string | null> => {
    const hint = dashboard.panel(asked).getByTitle(wanted);
    await hint.waitFor();
    expect(await dashboard.textOf(asked)).toContain('Query failed');
    return hint.getAttribute('title');
  };
  const inExplore = (wanted: RegExp): Promise<string> =>
    // The editor says in an alert of its own what it misses.
    explore.page
      .getByRole('alert')
      .filter({ hasText: wanted, hasNotText: 'list of metrics' })
      .first()
      .innerText();
  const inTest = async (wanted: RegExp): Promise<string> => {
    await Promise.all([
      settings.page.waitForResponse((response) => response.url().endsWith('/health')),
      settings.page.getByRole('button', { name: 'Save & test' }).click(),
    ]);
    const result = settings.page.getByTestId('data-source-test-result').filter({ hasText: wanted });
    const [told = ''] = (await result.innerText()).split('\n');
    return told;
  };

  test.each(FAULTS)('$name', async (fault) => {
    const { wrong, isDown = false, asked = 'plain', says, tested = /^Connected to StreamKPI bridge/ } = fault;
    if (!isDown) {
      const started = await startBridge();
      wrong?.(started);
    }
    // First, since saving starts the data source afresh: for a second it remembers that the last bridge refused its token.
    expect(await inTest(tested)).toMatch(SENTENCE);
    await Promise.all([
      dashboard.page.reload(),
      explore.page.getByRole('button', { name: 'Run query' }).click(),
    ]);
    if (says === undefined) {
      await dashboard.panel('plain').getByText('7', { exact: true }).first().waitFor();
      return;
    }
    const told = await inPanel(asked, says);
    expect(told).toMatch(SENTENCE);
    expect(await inExplore(says)).toBe(told);
  });

  test('a bridge that hangs: each panel says so soon, and keeps its numbers, also when it is asked again', async () => {
    const { misbehaviour } = await startBridge();
    await inTest(/^Connected to StreamKPI bridge/);
    await dashboard.page.reload();
    await dashboard.panel('plain').getByText('7', { exact: true }).first().waitFor();
    const noticed = ['plain', 'graph', 'hops'].map((title) =>
      dashboard.panel(title).getByRole('status', { name: /^The data (may|could not) be/ }),
    );
    await dashboard.panel('hops').getByText('store').waitFor();
    misbehaviour.mute = true;
    misbehaviour.hang = /./;
    await Promise.all(noticed.map((notice) => notice.waitFor()));
    await dashboard.page.getByTestId('data-testid RefreshPicker run button').click();
    await Promise.all(noticed.map((notice) => notice.waitFor()));
    expect(await dashboard.textOf('plain')).toContain('7');
    await dashboard.panel('hops').getByText('store').waitFor();
    await dashboard.picture('hanging-bridge');
  });
});
