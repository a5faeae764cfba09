import { expect, test, type DashboardPage } from '@grafana/plugin-e2e';
import {
  cards,
  DASHBOARDS,
  firstSeries,
  FRESH_START_MS,
  includeOpenWindows,
  legend,
  REALTIME,
  seriesOf,
} from './reading';

/** The provisioned dashboard, as a user finds it right after the first start. */

const graphOf = (dashboard: DashboardPage) => dashboard.getPanelByTitle('Events per minute').locator;

test('from a fresh start to moving numbers', async ({ gotoDashboardPage }) => {
  test.setTimeout(FRESH_START_MS + 120_000);
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  await expect(dashboard.getPanelByTitle('Connection').locator).toContainText('Connected', {
    timeout: 60_000,
  });
  const figures = dashboard.getPanelByTitle('Key figures');
  for (const title of ['Events per minute', 'Revenue per minute', 'Active users']) {
    await expect.poll(async () => (await cards(figures))[title], { timeout: FRESH_START_MS }).toMatch(/\d/);
  }
  const graph = graphOf(dashboard);
  await firstSeries(graph);
  const before = await legend(graph);
  // A minute closes half a minute after its end.
  await expect.poll(() => legend(graph), { timeout: 120_000 }).not.toEqual(before);
});

test('new data arrives without a reload, and not by querying again', async ({ gotoDashboardPage, page }) => {
  await includeOpenWindows(page);
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const graph = graphOf(dashboard);
  await firstSeries(graph);
  await page.evaluate(() => document.body.setAttribute('data-opened-once', ''));
  const seen = new Set<string>();
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/ds/query')) asked += 1;
  });
  // One refresh has a query for each panel, once a minute; the panels ask again together, every three seconds at most.
  for (const end = Date.now() + 20_000; Date.now() < end && seen.size < 8;) {
    seen.add(JSON.stringify(await legend(graph)));
    await page.waitForTimeout(250);
  }
  expect(seen.size).toBeGreaterThanOrEqual(8);
  expect(asked).toBeLessThan(30);
  await expect(page.locator('body[data-opened-once]')).toHaveCount(1);
});

test('a refresh keeps what is shown', async ({ gotoDashboardPage, page }) => {
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const graph = graphOf(dashboard);
  const before = await firstSeries(graph);
  await dashboard.refreshDashboard();
  for (const end = Date.now() + 5_000; Date.now() < end;) {
    expect(await seriesOf(graph)).toEqual(before);
    await page.waitForTimeout(100);
  }
  await expect(dashboard.getPanelByTitle('Connection').locator).toContainText('Connected');
});

test('a variable and an ad-hoc filter leave what they name', async ({ gotoDashboardPage, page }) => {
  // The dashboard is opened four times.
  test.setTimeout(FRESH_START_MS);
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const all = await firstSeries(graphOf(dashboard));
  expect(all.length).toBeGreaterThan(1);
  const [chosen = ''] = all;

  for (const parameter of [`var-segment=${chosen}`, `var-filters=segment%7C%3D%7C${chosen}`]) {
    await page.goto(`/d/${REALTIME}?${parameter}`);
    await expect.poll(() => seriesOf(graphOf(dashboard)), { timeout: 60_000 }).toEqual([chosen]);
    await expect(dashboard.getPanelByTitle('Key figures').getErrorIcon()).toHaveCount(0);
  }

  await page.goto(`/d/${REALTIME}`);
  const variable = page
    .getByTestId('data-testid template variable')
    .filter({ has: page.getByText('Segment', { exact: true }) });
  await variable.getByRole('combobox').focus();
  await page.keyboard.press('ArrowDown');
  for (const segment of all) await expect(page.getByRole('option', { name: segment })).toBeVisible();
});

test('every panel of the provisioned dashboards is drawn without an error', async ({
  gotoDashboardPage,
  page,
}) => {
  for (const uid of DASHBOARDS) {
    const dashboard = await gotoDashboardPage({ uid });
    await dashboard.waitForPanelsQueriesToComplete({ scrollAll: true, timeout: 60_000 });
    const broken = page.locator('[data-testid^="data-testid Panel status error"]');
    await expect(broken, `panels of ${uid} with an error`).toHaveCount(0);
  }
});
