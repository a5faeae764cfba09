import type { Locator } from 'playwright-core';
import { eventually } from './stage';
import type { View } from './view';

/** What a person reads on a dashboard. */

const attributes = async (found: Locator, name: string): Promise<string[]> =>
  Promise.all((await found.all()).map(async (one) => (await one.getAttribute(name)) ?? ''));

/** The moments of the ages that are shown, epoch ms: the ages themselves change while they are read. */
const times = async (within: Locator): Promise<number[]> =>
  (await attributes(within.locator('time'), 'datetime')).map((iso) => Date.parse(iso));

export interface Card {
  readonly value: string;
  /** `Min`, `Max`, `Avg`, where they are shown. */
  readonly stats: Readonly<Record<string, string>>;
  /** What its change is against; null where no change is shown. */
  readonly previous: string | null;
  /** When it was last updated, epoch ms; null where that is not shown. */
  readonly updated: number | null;
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
    const [previous = null] = await attributes(article.getByTitle(/^previous window: /), 'title');
    const [updated = null] = await times(article);
    read[title] = {
      value,
      stats: Object.fromEntries(stats) as Record<string, string>,
      previous: previous?.replace(/^previous window: |, (better|worse)$/g, '') ?? null,
      updated,
    };
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
  readonly severity: string;
  readonly message: string;
  readonly value: string;
  readonly state: string | null;
  /** Epoch ms: of its start, and of its last change or its end. */
  readonly times: readonly number[];
}

/** Rows of an alert list, newest first. */
export async function alerts(view: View, panel: string): Promise<AlertRow[]> {
  const rows = await view.panel(panel).locator('li[data-state]').all();
  return Promise.all(
    rows.map(async (row) => ({
      severity: (await row.getByText(/^ ?(Info|Warning|Critical)$/).innerText()).trim(),
      message: await row.getByText(/detected for/).innerText(),
      value: await row.getByTitle('Value').innerText(),
      state: await row.getAttribute('data-state'),
      times: await times(row),
    })),
  );
}

/** How many alerts a list says that there are: `1 open, 16 in range`. */
export const alertCounts = (view: View, panel: string): Promise<string> =>
  view
    .panel(panel)
    .getByText(/\d+ open, /)
    .innerText();

/** Figures of the system's status by their names. */
export async function systemFigures(view: View, panel: string): Promise<Readonly<Record<string, string>>> {
  const read: Record<string, string> = {};
  for (const figure of await view.panel(panel).locator('dl > div').all()) {
    read[await figure.locator('dt').innerText()] = (await figure.locator('dd').innerText()).trim();
  }
  return read;
}

/** The event time up to which a connection's data reaches, epoch ms; null where it is not shown. */
export const dataUntil = async (view: View): Promise<number | null> =>
  (await times(view.panel('Connection')))[0] ?? null;

/** How the panel says its numbers are kept up to date: `connected`, `reconnecting`, ... */
export const connection = async (view: View): Promise<string | null> => {
  const badge = view.panel('Connection').locator('[data-connection]');
  return (await badge.count()) === 0 ? null : badge.first().getAttribute('data-connection');
};

/** Waits until the panel says that it is connected. */
export const connected = (view: View): Promise<string | null> =>
  eventually(
    () => connection(view),
    (state) => state === 'connected',
  );
