import { expect, test, type DataSourceConfigPage } from '@grafana/plugin-e2e';
import type { Page } from '@playwright/test';
import { SOURCE } from './reading';

/** docker-compose.yml's own. */
const TOKEN = process.env['BRIDGE_TOKEN'] ?? 'streamkpi-development';

async function saveAndTest(
  { editor, page, url }: { editor: DataSourceConfigPage; page: Page; url: string },
  said: RegExp,
): Promise<void> {
  await page.getByLabel(/^URL/).fill(url);
  await editor.saveAndTest();
  await expect(page.getByRole('main')).toContainText(said);
}

test('an address and a token are entered, saved and tested; a wrong address is a sentence', async ({
  createDataSourceConfigPage,
  grafanaAPIClient,
  page,
}) => {
  const { url = '' } = await grafanaAPIClient.getDataSourceSettingsByUID(SOURCE.uid);
  const editor = await createDataSourceConfigPage({ type: SOURCE.type });
  await page.getByRole('group', { name: 'Token' }).getByRole('textbox').fill(TOKEN);
  await saveAndTest(
    { editor, page, url: 'http://127.0.0.1:9' },
    /No bridge listens at http:\/\/127\.0\.0\.1:9/,
  );
  // Grafana knows changed settings by the second in which they were saved.
  await page.waitForTimeout(1_100);
  await saveAndTest({ editor, page, url }, /Connected to StreamKPI bridge/);
});

test('a provisioned data source shows its settings, and is tested', async ({
  gotoDataSourceConfigPage,
  page,
}) => {
  await gotoDataSourceConfigPage(SOURCE.uid);
  await expect(page.getByLabel(/^URL/)).toBeDisabled();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(page.getByText(/Connected to StreamKPI bridge/)).toBeVisible();
});
