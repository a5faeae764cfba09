import { expect, type Panel } from '@grafana/plugin-e2e';
import type { Locator, Page } from '@playwright/test';

/** What a person reads in Grafana. */

export const REALTIME = 'streamkpi-realtime';
export const DASHBOARDS = [
  REALTIME,
  'streamkpi-alerts',
  'streamkpi-forecasts',
  'streamkpi-pipeline',
] as const;
export const SOURCE = { type: 'streamkpi-realtime-datasource', uid: 'streamkpi', name: 'StreamKPI' } as const;

/** A bridge that has just been started closes its first window within this. */
export const FRESH_START_MS = 180_000;

/** Explore's address for a new query of this data source. */
export function exploring(): URLSearchParams {
  const query = { refId: 'A', datasource: { type: SOURCE.type, uid: SOURCE.uid } };
  const pane = { datasource: SOURCE.uid, queries: [query], range: { from: 'now-15m', to: 'now' } };
  return new URLSearchParams({ schemaVersion: '1', orgId: '1', panes: JSON.stringify({ a: pane }) });
}

/** KPI cards by their title: the number as it is shown. */
export async function cards(panel: Panel): Promise<Readonly<Record<string, string>>> {
  const read: Record<string, string> = {};
  for (const card of await panel.locator.getByRole('article').all()) {
    const title = await card.getByRole('heading').innerText();
    read[title] = (await card.getByTestId('streamkpi-value').innerText()).replace(/\s/g, '');
  }
  return read;
}

/** Rows of a graph's legend by the series' name. */
export async function legend(graph: Locator): Promise<Readonly<Record<string, readonly string[]>>> {
  const read: Record<string, readonly string[]> = {};
  for (const row of await graph.locator('tbody tr').all()) {
    const cells = await row.locator('td').allInnerTexts();
    const [name = '', ...values] = cells.map((text) => text.trim()).filter((text) => text !== '');
    read[name] = values;
  }
  return read;
}

/** The bundled graphs as of somebody who has chosen to see open windows in their lines: numbers of this very second. */
export async function includeOpenWindows(page: Page): Promise<void> {
  await page.route(
    /\/api\/dashboards\/uid\/|\/apis\/dashboard\.grafana\.app\/.+\/dashboards\//,
    async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/"openWindows":\s*"exclude"/g, '"openWindows":"include"');
      await route.fulfill({ response, body });
    },
  );
}

export const seriesOf = async (graph: Locator): Promise<string[]> => Object.keys(await legend(graph)).sort();

/** Waits for a graph's first series, and gives their names. */
export async function firstSeries(graph: Locator, withinMs = FRESH_START_MS): Promise<string[]> {
  await expect.poll(() => seriesOf(graph), { timeout: withinMs }).not.toEqual([]);
  return seriesOf(graph);
}
