import type { Browser } from 'playwright-core';
import type { RunningHost } from '../../../host/server/host-server';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { ALERTS, EVENTS } from '../../support/fed-bridge/fed-metrics';
import { startBrowser } from './browser';
import { dashboardFolder, dashboardOf, startBuiltApp, type PlacedPanel } from './built-app';
import { MINUTE_MS, minuteOf } from './stage';
import { openView, type View } from './view';

const TOKEN = { token: 'a-token-of-the-data-source', name: 'grafana', scopes: ['read', 'observe'] };
const EVENT_WINDOW_MS = ALERTS.window.sizeMs;
const FEED_EVERY_MS = 500;

const series = { kind: 'series', metric: EVENTS.name, openWindows: 'include' };
const summary = { kind: 'summary', metric: EVENTS.name, openWindows: 'include' };
const events = { kind: 'events', metric: ALERTS.name };
const forecast = { kind: 'forecast', metric: EVENTS.name };
const status = { kind: 'status' };

/** What a panel shows: the newest number fed, or of closed windows, in series and summaries; the events'; the hops. */
export type Shows = 'value' | 'closed' | 'alert' | 'hops';

export interface FaultPanel extends PlacedPanel {
  readonly shows: Shows;
}

const kpi = (show: string) => ({ type: 'streamkpi-kpi-panel', options: { version: 1, show } });
const lines = {
  type: 'timeseries',
  options: {
    legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull'] },
    tooltip: { mode: 'multi' },
  },
};

/** Every kind of query in every panel that can show it. */
export const PANELS: readonly FaultPanel[] = [
  { title: 'series in time series', ...lines, query: series, shows: 'value' },
  { title: 'series in table', type: 'table', query: series, shows: 'value' },
  { title: 'series in KPI', ...kpi('cards'), query: series, shows: 'closed' },
  { title: 'summary in table', type: 'table', query: summary, shows: 'value' },
  { title: 'summary in KPI', ...kpi('cards'), query: summary, shows: 'value' },
  { title: 'events in table', type: 'table', query: events, shows: 'alert' },
  { title: 'events in alerts', ...kpi('alerts'), query: events, shows: 'alert' },
  { title: 'forecast in time series', ...lines, query: forecast, shows: 'closed' },
  { title: 'forecast in table', type: 'table', query: forecast, shows: 'closed' },
  { title: 'forecast in KPI', ...kpi('cards'), query: forecast, shows: 'closed' },
  { title: 'status in table', type: 'table', query: status, shows: 'hops' },
  { title: 'status in status', ...kpi('status'), query: status, shows: 'hops' },
];

const dashboard = (uid: string, refresh: string): object =>
  // Longer than a window of alerts, so that one is in it when the next window begins.
  dashboardOf(uid, PANELS, { columns: 3, height: 9, from: 'now-15m', refresh });

/** Both ways in which a dashboard is looked at, by the name that a failure gives them. */
const REFRESHES = { 'refresh off': '', 'refresh on': '5s' } as const;

/** One dashboard of all kinds and panels, opened twice, over a bridge into which a number is written all the time. */
export interface FaultStage {
  readonly views: Readonly<Record<keyof typeof REFRESHES, View>>;
  readonly bridge: FedBridge;
  host(): RunningHost;
  /** What is written from now on: another number than before. */
  feed(): { readonly value: number; readonly alert: number };
  withdrawToken(withdrawn: boolean): void;
  stopGrafana(): Promise<void>;
  /** At the same address; the open pages are left to themselves. */
  startGrafana(): Promise<void>;
  /** The pages' networks, with what stands on them. */
  setOffline(offline: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultStage(): Promise<FaultStage> {
  const dashboards = dashboardFolder(
    Object.values(REFRESHES).map((refresh, index) => dashboard(`matrix-${index}`, refresh)),
  );
  const bridge = await startFedBridge({ tokens: [TOKEN] });
  const grafana = (port: number): Promise<RunningHost> =>
    startBuiltApp({ port, bridgeUrl: bridge.url, bridgeToken: TOKEN.token, dashboards: dashboards.path });

  let fed = { value: 137, alert: 237 };
  let isFeeding = true;
  const write = async (): Promise<void> => {
    const now = Date.now();
    const start = Math.floor(now / EVENT_WINDOW_MS) * EVENT_WINDOW_MS;
    await bridge.write(EVENTS, [{ values: ['gold'], startMs: minuteOf(now), measures: [fed.value] }], now);
    await bridge.write(ALERTS, [{ values: ['ada'], startMs: start, measures: [fed.alert] }], now);
  };
  const feeding = async (): Promise<void> => {
    while (isFeeding) {
      // A bridge that is stopped takes nothing; what comes after it is written then.
      await write().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, FEED_EVERY_MS));
    }
  };
  const past = minuteOf(Date.now()) - 2 * MINUTE_MS;
  await bridge.write(EVENTS, [{ values: ['gold'], startMs: past, measures: [fed.value] }], past);
  await write();

  let host = await grafana(0);
  const { address } = host;
  const browser: Browser = await startBrowser();
  const running = feeding();
  const open = (index: number): Promise<View> =>
    openView(browser, address, `/d/matrix-${index}?kiosk`, { width: 1600, height: 1600 });
  const views = { 'refresh off': await open(0), 'refresh on': await open(1) };
  const pages = Object.values(views);
  return {
    views,
    bridge,
    host: () => host,
    feed: () => {
      fed = { value: fed.value + 1, alert: fed.alert + 1 };
      return fed;
    },
    withdrawToken: (withdrawn) =>
      bridge.setTokens(withdrawn ? [{ ...TOKEN, token: 'the-token-of-somebody-else' }] : [TOKEN]),
    stopGrafana: () => host.close(),
    startGrafana: async () => {
      host = await grafana(Number(new URL(address).port));
    },
    setOffline: async (offline) => {
      await Promise.all(pages.map(({ page }) => page.context().setOffline(offline)));
      // Chromium leaves WebSockets that stand alone.
      host.blockLive(offline);
    },
    close: async () => {
      isFeeding = false;
      await running;
      for (const view of pages) await view.close();
      await browser.close();
      await host.close();
      await bridge.close();
      dashboards.remove();
    },
  };
}
