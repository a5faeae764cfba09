import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { startHost, type RunningHost } from '../../host/server/host-server';
import { startBrowser } from './rig/browser';
import { clippedTexts } from './rig/in-page';
import { ensurePackages, HOSTS, START_MS } from './rig/stage';
import { openView } from './rig/view';

/** Everything that the panel can have to show, in sizes from one cell to a wall screen; no bridge is needed. */

const SIZES = [
  { name: 'cell', width: 150, height: 90, window: 1400 },
  { name: 'phone', width: 304, height: 260, window: 320 },
  { name: 'half', width: 680, height: 320, window: 1400 },
  { name: 'wall', width: 3824, height: 1000, window: 3840 },
] as const;
const ROOT = join(__dirname, '../..');
const RESULTS = join(ROOT, 'test-results');
const GROUPS = ['cards', 'alerts', 'connection', 'status', 'whole'] as const;
const THEMES = ['dark', 'light'] as const;
/** Pictures of icons come after the first paint. */
const SETTLE_MS = 700;
/** The connection alone is a line, and no list needs a wall's height. */
const heightOf = (group: string, height: number): number =>
  group === 'connection' ? Math.min(height, 110) : height;

describe.each(HOSTS)('states of the panel on Grafana %s', (grafana) => {
  let host: RunningHost;
  let browser: Browser;
  beforeAll(async () => {
    ensurePackages(grafana);
    const dist = process.env['E2E_DIST'];
    host = await startHost({
      root: ROOT,
      grafana,
      port: 0,
      bridgeUrl: 'http://127.0.0.1:9',
      ...(dist === undefined ? {} : { dist }),
    });
    browser = await startBrowser();
  }, START_MS);
  afterAll(async () => {
    await browser.close();
    await host.close();
  });

  const look = async (group: string, size: (typeof SIZES)[number], theme: (typeof THEMES)[number]) => {
    const { width, height, window } = size;
    const path = `/panel-states?kiosk&group=${group}&width=${width}&height=${heightOf(group, height)}`;
    const view = await openView(browser, host.address, path, { width: window, height: 1000, theme });
    await view.page.getByTestId('data-testid panel content').first().waitFor();
    await view.page.waitForTimeout(SETTLE_MS);
    return view;
  };

  test.each(SIZES)(
    'nothing is cut off: $name',
    async (size) => {
      for (const theme of THEMES) {
        for (const group of GROUPS) {
          const view = await look(group, size, theme);
          await view.page.screenshot({
            path: join(RESULTS, `states-${group}-${size.name}-${theme}-grafana-${grafana}.png`),
            fullPage: true,
          });
          const seen = { clipped: await view.page.evaluate(clippedTexts), faults: view.faults };
          expect({ group, theme, ...seen }).toEqual({ group, theme, clipped: [], faults: [] });
          await view.close();
        }
      }
    },
    120_000,
  );

  test.each(THEMES)(
    'axe finds nothing: %s',
    async (theme) => {
      for (const group of GROUPS) {
        const view = await look(group, SIZES[2], theme);
        const own = '[data-testid="data-testid panel content"]';
        const { violations } = await new AxeBuilder({ page: view.page }).include(own).analyze();
        const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
        expect({ group, said }).toEqual({ group, said: [] });
        await view.close();
      }
    },
    120_000,
  );
});
