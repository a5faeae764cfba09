import type { Browser } from 'playwright-core';
import type { RunningHost } from '../../../host/server/host-server';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { EVENTS } from '../../support/fed-bridge/fed-metrics';
import { startBrowser } from './browser';
import { dashboardFolder, startBuiltApp } from './built-app';
import { GRID_WINDOW, GRIDS, panelGrid, PANELS, segmentOf, type Grid } from './panel-grid';
import { MINUTE_MS, minuteOf } from './stage';
import { openView, type View, type ViewOptions } from './view';

const HISTORY_MINUTES = 65;
const BETWEEN_UPDATES_MS = 100;

/** The built app with a bridge of which every series is written ten times a second. */
export interface GridStage {
  readonly browser: Browser;
  /** How many rounds of one update for each panel were written. */
  updates(): number;
  /** Opens the dashboard and waits for its panels. */
  open(grid: Grid, options?: Pick<ViewOptions, 'prepare'>): Promise<View>;
  /** Nothing is written any more. */
  endUpdates(): Promise<void>;
  close(): Promise<void>;
}

/** Another number at every update, so that every panel has something new to draw. */
const valueAt = (panel: number, ms: number): number =>
  Math.round(500 + 300 * Math.sin(ms / 7_000 + panel) + ((ms / BETWEEN_UPDATES_MS) % 10));

const pointsAt = (ms: number) =>
  Array.from({ length: PANELS }, (_, panel) => ({
    values: [segmentOf(panel)],
    startMs: minuteOf(ms),
    measures: [valueAt(panel, ms)],
  }));

async function fillPast(bridge: FedBridge): Promise<void> {
  const now = Date.now();
  for (let back = HISTORY_MINUTES; back > 0; back -= 1) {
    const at = now - back * MINUTE_MS;
    await bridge.write(EVENTS, pointsAt(at), at);
  }
}

/** Writes rounds at a steady pace until it is stopped; a round that comes late is not made up for. */
function startFeed(bridge: FedBridge): { count(): number; stop(): Promise<void> } {
  let count = 0;
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const now = Date.now();
      await bridge.write(EVENTS, pointsAt(now), now);
      count += 1;
      const restMs = BETWEEN_UPDATES_MS - (Date.now() - now);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)));
    }
  };
  const running = run();
  return {
    count: () => count,
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

export async function startGridStage(): Promise<GridStage> {
  const dashboards = dashboardFolder((Object.keys(GRIDS) as Grid[]).map(panelGrid));
  const bridge = await startFedBridge();
  await fillPast(bridge);
  let host: RunningHost | undefined;
  let browser: Browser | undefined;
  const closeAll = async (): Promise<void> => {
    await browser?.close();
    await host?.close();
    await bridge.close();
    dashboards.remove();
  };
  try {
    host = await startBuiltApp({ bridgeUrl: bridge.url, dashboards: dashboards.path });
    browser = await startBrowser();
  } catch (reason) {
    await closeAll();
    throw reason;
  }
  const { address } = host;
  const opened = browser;
  const feed = startFeed(bridge);
  return {
    browser,
    updates: () => feed.count(),
    open: async (grid, options = {}) => {
      const view = await openView(opened, address, `/d/${grid}?kiosk`, { ...GRID_WINDOW, ...options });
      for (const panel of [0, GRIDS[grid].panels - 1]) await view.panel(segmentOf(panel)).waitFor();
      return view;
    },
    endUpdates: () => feed.stop(),
    close: async () => {
      await feed.stop();
      await closeAll();
    },
  };
}
