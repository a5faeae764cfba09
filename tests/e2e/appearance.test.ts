import { violationsIn } from './rig/axe';
import { clippedTexts, cutNumbers, overhang, shortenedTexts } from './rig/in-page';
import { ownPanels } from './rig/own-panels';
import { startQuietStage, START_MS, THEMES, type Stage } from './rig/stage';

const PHONE = { name: 'phone', width: 320, height: 700 };
/** High enough that every panel is in view, and so drawn. */
const LAPTOP = { name: 'laptop', width: 1440, height: 2400 };
const SIZES = [PHONE, LAPTOP, { name: 'wall', width: 3840, height: 2160 }];
const AXE_WIDTHS = [LAPTOP.width, PHONE.width];

const DASHBOARDS = [
  'streamkpi-realtime',
  'streamkpi-alerts',
  'streamkpi-forecasts',
  'streamkpi-pipeline',
] as const;

/** Every kind of query in the editor, one that lacks its metric, and one whose metric the bridge does not have. */
const QUERIES = [
  {
    kind: 'series',
    metric: 'events_per_minute',
    filters: [{ dimension: 'segment', op: '=', values: ['basic'] }],
  },
  { kind: 'summary', metric: 'revenue_per_minute' },
  { kind: 'events', metric: 'high_activity_alert' },
  { kind: 'forecast', metric: 'events_per_minute', forecastAs: 'score' },
  { kind: 'status' },
  { kind: 'series' },
  { kind: 'series', metric: 'no_such_metric' },
].map((query, index) => ({ version: 1, refId: String.fromCharCode(65 + index), ...query }));
const EXPLORE = `/explore?ds=streamkpi&explore=${encodeURIComponent(JSON.stringify({ queries: QUERIES }))}`;

/** Panels are drawn when they come into view, and settle a moment after their data. */
const SETTLE_MS = 1_500;

describe('how it looks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startQuietStage();
  }, START_MS);
  afterAll(() => stage.close());

  /** Grown from a phone, and shrunk to one: each theme is loaded at one end and resized to the other. */
  test.each([
    { theme: 'dark', sizes: SIZES },
    { theme: 'light', sizes: SIZES.toReversed() },
  ] as const)(
    'nothing is cut off, and axe finds nothing in what this app draws: dashboards, $theme',
    async ({ theme, sizes }) => {
      const wrong: object[] = [];
      for (const uid of DASHBOARDS) {
        const own = ownPanels(uid);
        const view = await stage.view(`/d/${uid}`, { ...sizes[0], theme });
        await view.page.locator(own).first().waitFor();
        for (const { name, width, height } of sizes) {
          await view.page.setViewportSize({ width, height });
          await view.page.waitForTimeout(SETTLE_MS);
          const seen = {
            wider: await view.page.evaluate(overhang),
            clipped: await view.page.evaluate(clippedTexts),
            cut: await view.page.evaluate(cutNumbers),
            // Titles, legends and columns; on a phone an ellipsis is what there is room for.
            shortened: width < LAPTOP.width ? [] : await view.page.evaluate(shortenedTexts),
            axe: AXE_WIDTHS.includes(width) ? await violationsIn(view.page, own) : [],
          };
          const isWrong = seen.wider > 0 || Object.values(seen).flat().length > 1;
          await view.picture(`${uid}-${name}-${theme}`, { isWrong });
          if (isWrong) wrong.push({ uid, name, ...seen });
        }
        if (view.faults.length > 0) wrong.push({ uid, faults: view.faults });
        await view.close();
      }
      expect(wrong).toEqual([]);
    },
    400_000,
  );

  test.each(THEMES)(
    'axe finds nothing in what this app draws: editors, settings and the app pages, %s',
    async (theme) => {
      const places = [
        { path: EXPLORE, own: 'section[aria-label^="Query "]' },
        { path: '/connections/datasources/edit/streamkpi', own: 'main' },
        { path: '/a/streamkpi-realtime-app', own: 'main' },
        { path: '/a/streamkpi-realtime-app/connect', own: 'main' },
      ];
      for (const { path, own } of places) {
        const view = await stage.view(path, { theme, width: LAPTOP.width });
        await view.page.locator(own).first().waitFor();
        for (const width of AXE_WIDTHS) {
          await view.page.setViewportSize({ width, height: 1000 });
          await view.page.waitForTimeout(SETTLE_MS);
          const said = await violationsIn(view.page, own);
          expect({ path, width, said }).toEqual({ path, width, said: [] });
        }
        await view.close();
      }
    },
    300_000,
  );

  test('the app page shows the state of the pipeline, and leads to a new data source', async () => {
    const path = '/a/streamkpi-realtime-app';
    for (const { theme, name, width, height } of [
      { theme: 'light', ...PHONE },
      { theme: 'dark', ...LAPTOP },
    ] as const) {
      const view = await stage.view(path, { theme, width, height });
      const state = view.page.getByRole('group', { name: 'System status' });
      await state.getByRole('list', { name: 'Hops of the pipeline' }).waitFor();
      await view.page.getByRole('link', { name: 'StreamKPI: Pipeline health' }).first().waitFor();
      await view.picture(`app-${name}-${theme}`);
      const wider = await view.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect({ theme, name, wider, faults: view.faults }).toEqual({ theme, name, wider: 0, faults: [] });
      if (name === LAPTOP.name) {
        await view.page.getByRole('button', { name: 'Add data source' }).click();
        await view.page.waitForURL(/connections.datasources.edit/);
        await view.page.getByRole('heading', { name: 'StreamKPI 2' }).waitFor();
        await view.page.getByRole('button', { name: 'Save & test' }).waitFor();
        expect(view.faults).toEqual([]);
      }
      await view.close();
    }
  });
});
