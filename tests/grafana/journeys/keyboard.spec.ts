import { expect, test } from '@grafana/plugin-e2e';
import { choose, complete, tabTo } from '../../e2e/rig/keyboard';
import { violationsIn } from './axe';
import { exploring, SOURCE } from './reading';

/** Grafana's own menus and buttons come before the editors. */
const FAR = 200;

test('a query is put together by keyboard alone', async ({ explorePage, page }) => {
  test.setTimeout(300_000);
  await explorePage.goto({ queryParams: exploring() });
  const row = explorePage.getQueryEditorRow('A');
  await expect(row.getByLabel('Metric', { exact: true })).toBeVisible();
  await tabTo(page, /^Series$/, FAR);
  await tabTo(page, /^Metric$/);
  await page.keyboard.type('revenue_per');
  await choose(page, /\(revenue_per_minute\)/);
  await tabTo(page, /^Measure$/);
  await page.keyboard.press('ArrowDown');
  await choose(page, /\(transaction_count\)/);
  await tabTo(page, /^Add filter/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('segm');
  await choose(page, /segment/);
  await tabTo(page, /^Values of filter 1/);
  await complete(page, 'prem', /^premium$/);
  await tabTo(page, /^Group by/);
  await complete(page, 'seg', /segment/i);
  await tabTo(page, /^Over time/);
  await page.keyboard.press('ArrowDown');
  await choose(page, /^Maximum/);
  await tabTo(page, /^Open windows/);
  await page.keyboard.press('ArrowDown');
  await choose(page, /^Hide/);
  await tabTo(page, /^Live/);
  await page.keyboard.press('Space');
  await expect(row.getByLabel('Live', { exact: true })).not.toBeChecked();
  await expect(explorePage.timeSeriesPanel.locator).toContainText('premium', { timeout: 60_000 });
  await expect(explorePage.timeSeriesPanel.locator).not.toContainText('basic');
  expect(await violationsIn(page, '[role=group][aria-label=Filters]')).toEqual([]);
});

test('settings are changed, saved and tested by keyboard alone', async ({
  createDataSourceConfigPage,
  page,
}) => {
  await createDataSourceConfigPage({ type: SOURCE.type });
  await tabTo(page, /^URL/, FAR);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('http://127.0.0.1:9');
  await tabTo(page, /^Save & test/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toContainText(/No bridge listens at http:\/\/127\.0\.0\.1:9/);
  expect(await violationsIn(page, 'main fieldset')).toEqual([]);
});

test("a panel's own controls are reached by keyboard", async ({ gotoDashboardPage, page }) => {
  const dashboard = await gotoDashboardPage({ uid: 'streamkpi-alerts' });
  const list = dashboard.getPanelByTitle('Alerts').locator;
  const warnings = list.getByRole('button', { name: /^Warning \d+/ });
  await expect(warnings).toBeVisible({ timeout: 60_000 });
  await tabTo(page, /^Warning \d+/, FAR);
  await page.keyboard.press('Space');
  await expect(warnings).toHaveAttribute('aria-pressed', 'false');
  await expect(list.locator('li[data-severity=warning]')).toHaveCount(0);
});
