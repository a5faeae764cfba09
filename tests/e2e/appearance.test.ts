import { violationsIn } from './rig/axe';
import { clippedTexts, cutNumbers, overhang, shortenedTexts } from './rig/in-page';
import { ownPanels } from './rig/own-panels';
import { quietPast, startStage, START_MS, THEMES, type Stage } from './rig/stage';

const PHONE = { name: 'phone', width: 320, height: 700 };
/** High enough that every panel is in view, and so drawn. */
const LAPTOP = { name: 'laptop', width: 1440, height: 2400 };
const SIZES = [PHONE, LAPTOP, { name: 'wall', width: 3840, height: 2160 }];

const DASHBOARDS = ['streamkpi-realtime', 'streamkpi-alerts', 'streamkpi-pipeline'] as const;

/** Panels are drawn when they come into view, and settle a moment after their data. */
const SETTLE_MS = 1_500;

describe('how it looks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
    await quietPast(stage.bridge(), Date.now());
  }, START_MS);
  afterAll(() => stage.close());

  test.each(SIZES)(
    'nothing is cut off at $name size',
    async ({ name, width, height }) => {
      const wrong: object[] = [];
      for (const theme of THEMES) {
        for (const uid of DASHBOARDS) {
          const view = await stage.view(`/d/${uid}`, { width, height, theme });
          await view.page.locator(ownPanels(uid)).first().waitFor();
          await view.page.waitForTimeout(SETTLE_MS);
          await view.picture(`${uid}-${name}-${theme}`);
          const seen = {
            wider: await view.page.evaluate(overhang),
            clipped: await view.page.evaluate(clippedTexts),
            cut: await view.page.evaluate(cutNumbers),
            // Titles, legends and columns; on a phone an ellipsis is what there is room for.
            shortened: width < LAPTOP.width ? [] : await view.page.evaluate(shortenedTexts),
            faults: view.faults,
          };
          if (seen.wider > 0 || Object.values(seen).flat().length > 1) wrong.push({ uid, theme, ...seen });
          await view.close();
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  test.each(THEMES.flatMap((theme) => [LAPTOP, PHONE].map(({ width }) => ({ theme, width }))))(
    'axe finds nothing in what this app draws, $theme, $width px wide',
    async ({ theme, width }) => {
      const places = [
        ...DASHBOARDS.map((uid) => ({ path: `/d/${uid}`, own: ownPanels(uid) })),
        { path: '/explore', own: 'section[aria-label="Query A"]' },
        { path: '/connections/datasources/edit/streamkpi', own: 'main' },
      ];
      for (const { path, own } of places) {
        const view = await stage.view(path, { theme, width });
        await view.page.locator(own).first().waitFor();
        await view.page.waitForTimeout(SETTLE_MS);
        const said = await violationsIn(view.page, own);
        expect({ path, said }).toEqual({ path, said: [] });
        await view.close();
      }
    },
    120_000,
  );
});
