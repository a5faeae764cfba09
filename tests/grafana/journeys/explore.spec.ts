import { expect, test } from '@grafana/plugin-e2e';
import { exploring } from './reading';

test('Explore: a metric is chosen, and its lines are drawn', async ({ explorePage, page }) => {
  await explorePage.goto({ queryParams: exploring() });
  const row = explorePage.getQueryEditorRow('A');
  await row.getByLabel('Metric', { exact: true }).fill('events_per_minute');
  await page.getByRole('option', { name: /\(events_per_minute\)/ }).click();
  // Explore's graph lists the names of its series, without their numbers.
  const graph = explorePage.timeSeriesPanel.locator;
  await expect(graph).toContainText(/basic|premium|free|unknown/, { timeout: 60_000 });
  await expect(page.getByText('No data')).toHaveCount(0);
});
