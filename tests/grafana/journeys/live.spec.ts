import { expect, test } from '@grafana/plugin-e2e';
import type { Locator, Page, WebSocketRoute } from '@playwright/test';
import { firstSeries, legend, REALTIME } from './reading';

/** Of Grafana Live's connection between this page and Grafana. */
interface LiveLine {
  cut(): Promise<void>;
  mend(): void;
}

/** Before the page is opened: its connection to Grafana Live becomes one that can be cut. */
async function liveLine(page: Page): Promise<LiveLine> {
  let isCut = false;
  const open = new Set<WebSocketRoute>();
  await page.routeWebSocket(/\/api\/live\/ws/, async (socket) => {
    if (isCut) return socket.close();
    socket.connectToServer();
    open.add(socket);
  });
  return {
    cut: async () => {
      isCut = true;
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend: () => {
      isCut = false;
    },
  };
}

test('a lost connection is seen, and so is its return; what was missed is there then', async ({
  gotoDashboardPage,
  page,
}) => {
  test.setTimeout(300_000);
  const line = await liveLine(page);
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const badge = dashboard.getPanelByTitle('Connection').locator.locator('[data-connection]').first();
  const graph = dashboard.getPanelByTitle('Events per minute').locator;
  await expect(badge).toHaveAttribute('data-connection', 'connected', { timeout: 60_000 });
  await firstSeries(graph);
  await page.evaluate(() => document.body.setAttribute('data-opened-once', ''));

  await line.cut();
  await expect(badge).toHaveAttribute('data-connection', /^(reconnecting|polling|disconnected)$/);
  await expect(badge).toHaveText(/Reconnecting|Polling|Disconnected/);
  const before = await legend(graph);
  // Longer than a minute: a whole window passes that nobody tells this page of.
  await page.waitForTimeout(70_000);
  line.mend();
  await expect(badge).toHaveAttribute('data-connection', 'connected', { timeout: 120_000 });
  await expect.poll(() => legend(graph), { timeout: 60_000 }).not.toEqual(before);
  await expect(page.locator('body[data-opened-once]')).toHaveCount(1);
});

/** An event of the list: whose it is and when it began; and how many events it counts by now. */
interface Row {
  readonly key: string;
  readonly count: number;
}

const rowsOf = (list: Locator): Promise<Row[]> =>
  list.locator('li[data-state]').evaluateAll((rows) =>
    rows.map((row) => {
      const [, user = '', count = ''] = /for user (\S+): (\d+) events/.exec(row.textContent) ?? [];
      return { key: `${user} ${row.querySelector('time')?.dateTime ?? ''}`, count: Number(count) };
    }),
  );

/** The demo's traffic has an alert every ten minutes on average; README.md says how to have them more often. */
const NEXT_ALERT_MS = 15 * 60_000;

test('an alert appears once, and its row follows the count', async ({ gotoDashboardPage, page }) => {
  test.setTimeout(NEXT_ALERT_MS + 180_000);
  const dashboard = await gotoDashboardPage({ uid: REALTIME });
  const list = dashboard.getPanelByTitle('Recent alerts').locator;
  await expect(list.getByText(/All clear|\d+ in range/).first()).toBeVisible({ timeout: 60_000 });
  const known = new Set((await rowsOf(list)).map(({ key }) => key));
  const added = async (): Promise<Row | undefined> => (await rowsOf(list)).find(({ key }) => !known.has(key));
  await expect.poll(added, { timeout: NEXT_ALERT_MS, intervals: [250] }).toBeDefined();
  const first = await added();
  const counts = new Set<number>();
  // It grows as long as its user is active.
  for (const end = Date.now() + 60_000; Date.now() < end && counts.size < 3;) {
    const same = (await rowsOf(list)).filter(({ key }) => key === first?.key);
    expect(same).toHaveLength(1);
    counts.add(same[0]?.count ?? 0);
    await page.waitForTimeout(200);
  }
  expect(counts.size).toBeGreaterThan(1);
  expect(Math.min(...counts)).toBeGreaterThan(100);
});
