import { expect, test, type E2ESelectorGroups, type PanelEditPage } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { cards, FRESH_START_MS, REALTIME, SOURCE } from './reading';

/** For a new panel some versions open the list of visualizations by themselves, where the page object closes it. */
async function chooseVisualization(
  editor: PanelEditPage,
  page: Page,
  { components }: E2ESelectorGroups,
  name: string,
): Promise<void> {
  const open = editor.getByGrafanaSelector(components.PanelEditor.toggleVizPicker);
  const tab = page.getByRole('tab', { name: /^(All visualizations|Visualizations)$/ });
  const item = editor.getByGrafanaSelector(components.PluginVisualization.item(name));
  const timeout = 3_000;
  await expect(async () => {
    if (!(await tab.isVisible()) && !(await item.isVisible())) await open.click({ timeout });
    if (await tab.isVisible()) await tab.click({ timeout });
    await item.click({ timeout });
  }).toPass({ timeout: 60_000 });
}

test('a new panel: data source, visualization, metric, and a number', async ({
  dashboardPage,
  page,
  selectors,
}) => {
  test.setTimeout(FRESH_START_MS + 60_000);
  await dashboardPage.goto();
  const editor = await dashboardPage.addPanel();
  await editor.datasource.set(SOURCE.name);
  await chooseVisualization(editor, page, selectors, 'StreamKPI');
  const row = editor.getQueryEditorRow('A');
  await row.getByLabel('Metric', { exact: true }).fill('events_per_minute');
  await page.getByRole('option', { name: /\(events_per_minute\)/ }).click();
  await expect
    .poll(async () => Object.values(await cards(editor.panel))[0], { timeout: FRESH_START_MS })
    .toMatch(/\d/);
});

test("the panel's options take effect at once", async ({ gotoPanelEditPage }) => {
  const editor = await gotoPanelEditPage({ dashboard: { uid: REALTIME }, id: '2' });
  const card = editor.panel.locator.getByRole('article').first();
  await expect(card.getByRole('img', { name: /^Trend of/ })).toBeVisible({ timeout: FRESH_START_MS });
  await editor.getCustomOptions('KPI cards').getSwitch('Sparkline').uncheck();
  await expect(card.getByRole('img', { name: /^Trend of/ })).toHaveCount(0);
  await expect(card.getByTestId('streamkpi-value')).toBeVisible();
});
