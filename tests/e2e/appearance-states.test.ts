import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { RunningHost } from '../../host/server/host-server';
import { violationsIn } from './rig/axe';
import { startBrowser } from './rig/browser';
import { startBuiltApp } from './rig/built-app';
import { clippedTexts, cutNumbers, movingParts } from './rig/in-page';
import { START_MS, THEMES, type Theme } from './rig/stage';
import { openView, type ViewOptions } from './rig/view';

/** Everything that the panel can have to show, in sizes from one cell to a wall screen; no bridge is needed. */

interface Size {
  readonly name: string;
  /** Of each panel, px. */
  readonly width: number;
  readonly height: number;
  /** Width of the window. */
  readonly window: number;
  readonly group?: string;
}
const HALF: Size = { name: 'half', width: 680, height: 320, window: 1400 };
const PHONE: Size = { name: 'phone', width: 304, height: 260, window: 320 };
const WALL: Size = { name: 'wall', width: 1900, height: 560, window: 3840 };
const SIZES: readonly Size[] = [
  { name: 'cell', width: 150, height: 90, window: 1400 },
  PHONE,
  HALF,
  WALL,
  { name: 'wall-whole', width: 3800, height: 2080, window: 3840, group: 'whole' },
];
const AXE_SIZES: readonly Size[] = [HALF, PHONE];
/** What the panels themselves draw. */
const OWN = '[data-testid="data-testid panel content"]';
/** Pictures of icons come after the first paint. */
const SETTLE_MS = 700;
/** Fonts on a slow line: the panels are long drawn. */
const LATE_MS = 5_000;
describe('states of the panel', () => {
  let host: RunningHost;
  let browser: Browser;
  beforeAll(async () => {
    host = await startBuiltApp({ bridgeUrl: 'http://127.0.0.1:9' });
    browser = await startBrowser();
  }, START_MS);
  afterAll(async () => {
    await browser.close();
    await host.close();
  });

  const look = async (
    { width, height, window, group }: Size,
    theme: Theme,
    options: Pick<ViewOptions, 'prepare'> = {},
  ) => {
    const chosen = group === undefined ? '' : `&group=${group}`;
    const path = `/panel-states?kiosk&width=${width}&height=${height}${chosen}`;
    const view = await openView(browser, host.address, path, {
      width: window,
      height: 1000,
      theme,
      ...options,
    });
    await view.page.getByTestId('data-testid panel content').last().waitFor();
    await view.page.waitForTimeout(SETTLE_MS);
    return view;
  };

  // One page for all that is asked of a size in a theme: loading it takes longer than looking at it.
  test.each(THEMES.flatMap((theme) => SIZES.map((size) => ({ theme, size, name: size.name }))))(
    'nothing is cut off, and axe finds nothing: $theme, $name',
    async ({ theme, size }) => {
      const view = await look(size, theme);
      const seen = {
        clipped: await view.page.evaluate(clippedTexts),
        cut: await view.page.evaluate(cutNumbers),
        axe: AXE_SIZES.includes(size) ? await violationsIn(view.page, OWN) : [],
        faults: view.faults,
      };
      const isWrong = Object.values(seen).flat().length > 0;
      await view.picture(`states-${size.name}-${theme}`, { isWrong, fullPage: true });
      expect(seen).toEqual({ clipped: [], cut: [], axe: [], faults: [] });
      await view.close();
    },
    300_000,
  );

  test('a number has its room where its font comes late', async () => {
    let late = 0;
    const view = await look(WALL, 'dark', {
      prepare: async (page) => {
        await page.route('**/*.woff2', async (route) => {
          late += 1;
          await sleep(LATE_MS);
          await route.continue();
        });
      },
    });
    const { page } = view;
    expect(late).toBeGreaterThan(0);
    await page.waitForFunction(() => document.fonts.check('500 100px Inter'));
    await page.waitForTimeout(SETTLE_MS);
    expect(await page.evaluate(cutNumbers)).toEqual([]);
    await view.close();
  });

  test('where the system asks for less motion nothing moves by itself', async () => {
    const view = await look(HALF, 'dark');
    expect((await view.page.evaluate(movingParts, OWN)).length).toBeGreaterThan(0);
    await view.page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await view.page.evaluate(movingParts, OWN)).toEqual([]);
    await view.close();
  });
});
