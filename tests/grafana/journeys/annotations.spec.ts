import { expect, test } from '@grafana/plugin-e2e';
import { firstSeries, REALTIME } from './reading';

interface Asked {
  readonly queries?: readonly { readonly kind?: string; readonly live?: boolean }[];
}
interface Answered {
  readonly results: Readonly<
    Record<
      string,
      {
        readonly frames: readonly {
          readonly schema: { readonly fields: readonly { readonly name: string }[] };
        }[];
      }
    >
  >;
}

test('alerts of the stream are asked for as annotations', async ({ gotoDashboardPage, page }) => {
  const answer = page.waitForResponse((response) => {
    if (!response.url().includes('/api/ds/query')) return false;
    const asked = response.request().postDataJSON() as Asked | null;
    // Panels' events are live; Grafana gives an annotation's query a refId of its own.
    return asked?.queries?.some(({ kind, live }) => kind === 'events' && live === false) ?? false;
  });
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const response = await answer;
  expect(response.ok()).toBe(true);
  const { results } = (await response.json()) as Answered;
  const names = Object.values(results)[0]?.frames[0]?.schema.fields.map(({ name }) => name) ?? [];
  expect(names).toEqual(expect.arrayContaining(['time', 'title', 'text', 'tags']));
  const graph = dashboard.getPanelByTitle('Events per minute').locator;
  await firstSeries(graph);
  await expect(graph.getByTestId('data-testid annotation-marker').first()).toBeAttached({ timeout: 60_000 });
});

test("an annotation's query is edited and tried out", async ({ gotoAnnotationEditPage, page }) => {
  const editor = await gotoAnnotationEditPage({ dashboard: { uid: REALTIME }, id: '1' });
  await expect(page.getByLabel('Metric', { exact: true })).toHaveValue(/high_activity_alert/, {
    timeout: 30_000,
  });
  const response = await editor.runQuery();
  expect(response.ok()).toBe(true);
});
