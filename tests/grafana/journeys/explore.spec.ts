import { expect, test } from '@grafana/plugin-e2e';
import { SOURCE } from './reading';

test('Explore: a metric is chosen, and its lines are drawn', async ({ explorePage, page }) => {
  const query = { refId: 'A', datasource: { type: SOURCE.type, uid: SOURCE.uid } };
  const panes = JSON.stringify({
    a: { datasource: SOURCE.uid, queries: [query], range: { from: 'now-15m', to: 'now' } },
  });
  await explorePage.goto({ queryParams: new URLSearchParams({ schemaVersion: '1', orgId: '1', panes }) });
  const row = explorePage.getQueryEditorRow('A');
  await row.getByLabel('Metric', { exact: true }).fill('events_per_minute');
  await page.getByRole('option', { name: /\(events_per_minute\)/ }).click();
  // Explore's graph lists the names of its series, without their numbers.
  const graph = explorePage.timeSeriesPanel.locator;
  await expect(graph).toContainText(/basic|premium|free|unknown/, { timeout: 60_000 });
  await expect(page.getByText('No data')).toHaveCount(0);
});
