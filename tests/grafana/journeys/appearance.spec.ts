import { expect, test } from '@grafana/plugin-e2e';
import { clippedTexts, overhang } from '../../e2e/rig/in-page';
import { ownPanels } from '../../e2e/rig/own-panels';
import { violationsIn } from './axe';
import { DASHBOARDS } from './reading';

/** High enough for every panel of a dashboard: Grafana draws those that are in view. */
const SIZES = [
  { name: 'phone', width: 320, height: 6_000 },
  { name: 'wall', width: 3_840, height: 2_160 },
] as const;
const THEMES = ['dark', 'light'] as const;

/** Panels settle a moment after their data. */
const SETTLE_MS = 2_000;

for (const { name, width, height } of SIZES) {
  for (const theme of THEMES) {
    test(`nothing is cut off at ${name} size, ${theme}`, async ({ gotoDashboardPage, page }) => {
      test.setTimeout(300_000);
      await page.setViewportSize({ width, height });
      for (const uid of DASHBOARDS) {
        const queryParams = new URLSearchParams({ theme, kiosk: 'true' });
        await gotoDashboardPage({ uid, queryParams });
        const own = ownPanels(uid);
        await expect(page.locator(own)).toHaveCount(own.split(', ').length, { timeout: 60_000 });
        for (const panel of await page.locator(own).all()) await expect(panel).not.toBeEmpty();
        await page.waitForTimeout(SETTLE_MS);
        const seen = {
          wider: await page.evaluate(overhang),
          clipped: await page.evaluate(clippedTexts, own),
        };
        expect({ uid, ...seen }).toEqual({ uid, wider: 0, clipped: [] });
      }
    });
  }
}

for (const theme of THEMES) {
  test(`axe finds nothing in what this app draws, ${theme}`, async ({ gotoDashboardPage, page }) => {
    test.setTimeout(300_000);
    for (const uid of DASHBOARDS) {
      await gotoDashboardPage({ uid, queryParams: new URLSearchParams({ theme }) });
      const own = ownPanels(uid);
      await expect(page.locator(own).first()).not.toBeEmpty({ timeout: 60_000 });
      await page.waitForTimeout(SETTLE_MS);
      expect({ uid, said: await violationsIn(page, own) }).toEqual({ uid, said: [] });
    }
  });
}
