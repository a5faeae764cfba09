import type { View } from './view';

/** What a person reads on a dashboard. */

export interface Card {
  readonly value: string;
  /** `Min`, `Max`, `Avg`, where they are shown. */
  readonly stats: Readonly<Record<string, string>>;
}

/** KPI cards of a panel by their title. */
export async function cards(view: View, panel: string): Promise<Readonly<Record<string, Card>>> {
  const read: Record<string, Card> = {};
  for (const article of await view.panel(panel).getByRole('article').all()) {
    const title = await article.getByRole('heading').innerText();
    const text = await article.innerText();
    const stats = [...text.matchAll(/^(Min|Max|Avg) (.+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const value = (await article.getByTestId('streamkpi-value').innerText()).replace(/\s/g, '');
    read[title] = { value, stats: Object.fromEntries(stats) as Record<string, string> };
  }
  return read;
}

/** Rows of a graph's legend by the series' name: last, min, max, mean. */
export async function legend(
  view: View,
  panel: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const read: Record<string, readonly string[]> = {};
  for (const row of await view.panel(panel).locator('tbody tr').all()) {
    const cells = (await row.locator('td').allInnerTexts()).map((text) => text.trim());
    const [name = '', ...values] = cells.filter((text) => text !== '');
    read[name] = values;
  }
  return read;
}

export interface AlertRow {
  readonly message: string;
  readonly state: string | null;
}

/** Rows of an alert list, newest first. */
export async function alerts(view: View, panel: string): Promise<AlertRow[]> {
  const rows = await view.panel(panel).locator('li[data-state]').all();
  return Promise.all(
    rows.map(async (row) => ({
      message: await row.getByText(/detected for/).innerText(),
      state: await row.getAttribute('data-state'),
    })),
  );
}

/** How the panel says its numbers are kept up to date: `connected`, `reconnecting`, ... */
export const connection = async (view: View): Promise<string | null> => {
  const badge = view.panel('Connection').locator('[data-connection]');
  return (await badge.count()) === 0 ? null : badge.first().getAttribute('data-connection');
};
