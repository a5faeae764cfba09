import { violationsIn } from './rig/axe';
import { choose, complete, tabTo } from './rig/keyboard';
import { panelSelector } from './rig/own-panels';
import { eventually, startQuietStage, START_MS, type Stage } from './rig/stage';
import type { View } from './rig/view';

const EDITOR = 'section[aria-label="Query A"]';

/** What @grafana/ui's Combobox gets wrong of its list while it is open is not in this app's hand. */
const OF_OPEN_COMBOBOX = /downshift|combobox-/;

/** The query of Explore, as its address keeps it. */
function askedIn(view: View): object {
  const explored = new URL(view.page.url()).searchParams.get('explore') ?? '{}';
  return (JSON.parse(explored) as { queries?: object[] }).queries?.[0] ?? {};
}

describe('editors by keyboard alone', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startQuietStage();
  }, START_MS);
  afterAll(() => stage.close());

  test('a query is put together and gives numbers', async () => {
    const view = await stage.view('/explore');
    const { page } = view;
    await page.getByRole('region', { name: 'Query A' }).getByText('Metric', { exact: true }).waitFor();
    await tabTo(page, /^Metric/);
    await page.keyboard.type('events_per');
    await choose(page, /\(events_per_minute\)/);
    await page.getByRole('heading', { name: 'Graph' }).waitFor();
    const legend = page.locator('section', { has: page.getByRole('heading', { name: 'Graph' }) });
    await eventually(
      () => legend.innerText(),
      (text) => /basic/.test(text) && /premium/.test(text),
    );
    await view.picture('explore');
    expect(view.faults).toEqual([]);
  });

  test('every part of a query is chosen: kind, metric, measure, filter, grouping, rule, switches', async () => {
    const view = await stage.view('/explore');
    const { page } = view;
    await page.getByRole('region', { name: 'Query A' }).getByText('Metric', { exact: true }).waitFor();
    await tabTo(page, /^Series/);
    await page.keyboard.press('ArrowRight');
    await eventually(
      () => askedIn(view),
      (query) => 'kind' in query && query.kind === 'summary',
    );
    await page.keyboard.press('ArrowLeft');
    await tabTo(page, /^Metric/);
    await page.keyboard.type('revenue_per');
    await page.getByRole('option', { name: /\(revenue_per_minute\)/ }).waitFor();
    const found = await violationsIn(page, EDITOR, '[role=listbox]');
    expect(found.filter((fault) => !OF_OPEN_COMBOBOX.test(fault))).toEqual([]);
    await choose(page, /\(revenue_per_minute\)/);
    await tabTo(page, /^Measure/);
    await page.keyboard.press('ArrowDown');
    await choose(page, /\(transaction_count\)/);
    await tabTo(page, /^Add filter/);
    // The new filter has the focus.
    await page.keyboard.press('Enter');
    await page.keyboard.type('segm');
    await choose(page, /segment/);
    await tabTo(page, /^Operator of filter 1/);
    await page.keyboard.press('ArrowDown');
    await choose(page, /^!=/);
    await tabTo(page, /^Values of filter 1/);
    await complete(page, 'bas', /^basic$/);
    await tabTo(page, /^Group by/);
    await complete(page, 'seg', /segment/i);
    await tabTo(page, /^Over time/);
    await page.keyboard.press('ArrowDown');
    await choose(page, /^Maximum/);
    await tabTo(page, /^Open windows/);
    await page.keyboard.press('ArrowDown');
    await choose(page, /^Hide/);
    await tabTo(page, /^Live/);
    await page.keyboard.press('Space');
    await eventually(
      () => askedIn(view),
      (query) => 'live' in query && query.live === false,
    );
    expect(askedIn(view)).toMatchObject({
      kind: 'series',
      metric: 'revenue_per_minute',
      measure: 'transaction_count',
      filters: [{ dimension: 'segment', op: '!=', values: ['basic'] }],
      groupBy: ['segment'],
      overTime: 'max',
      openWindows: 'exclude',
    });
    const graph = page.locator('section', { has: page.getByRole('heading', { name: 'Graph' }) });
    await eventually(
      () => graph.innerText(),
      (text) => /premium/.test(text) && !/basic/.test(text),
    );
    expect(await violationsIn(page, EDITOR)).toEqual([]);
    await view.picture('query-editor');
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test("the panel's own controls are reached: severities, all kept alerts, an alert's link, long tables", async () => {
    const panels = '/panel-states?kiosk&width=680&height=320';
    const view = await stage.view(`${panels}&group=alerts`);
    const { page } = view;
    const many = view.panel('many alerts');
    await many.getByRole('listitem').first().waitFor();
    await tabTo(page, /^Critical 3/);
    await page.keyboard.press('Space');
    await many.getByRole('button', { name: 'Critical 3', pressed: false }).waitFor();
    expect(await many.locator('li[data-severity=critical]').count()).toBe(0);
    await tabTo(page, /^Recent alerts, list/);
    await tabTo(page, /^Show all 7 kept/);
    await page.keyboard.press('Enter');
    await many.getByRole('button', { name: 'Show the newest 3', expanded: true }).waitFor();
    expect(await many.getByRole('listitem').count()).toBe(7);
    expect(await violationsIn(page, panelSelector('many alerts'))).toEqual([]);
    // Messages without a link are reached too, for what is cut of them.
    do await tabTo(page, /^High activity/, 100);
    while (!(await page.evaluate(() => document.activeElement instanceof HTMLAnchorElement)));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/d\/users\?var-user=/);
    await view.close();

    const status = await stage.view(`${panels}&group=status`);
    await status.panel('many topics').getByRole('table').waitFor();
    const scrolled = () =>
      status.page.evaluate(() => {
        const { scrollHeight = 0, clientHeight = 0, scrollTop = 0 } = document.activeElement ?? {};
        return { needed: scrollHeight > clientHeight, by: scrollTop };
      });
    do await tabTo(status.page, /^Metrics: freshness and lag/);
    while (!(await scrolled()).needed);
    await status.page.keyboard.press('End');
    await eventually(scrolled, ({ by }) => by > 0);
    await status.close();
  });

  test('settings are changed, saved and tested; a wrong address is a sentence', async () => {
    const view = await stage.view('/connections/datasources/edit/streamkpi');
    const { page } = view;
    const result = page.getByTestId('data-source-test-result');
    await tabTo(page, /^URL/);
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('http://127.0.0.1:9');
    await tabTo(page, /^Save & test/);
    await page.keyboard.press('Enter');
    const refused = await eventually(
      async () => ((await result.count()) === 0 ? '' : result.innerText()),
      (text) => text !== '',
    );
    expect(refused).toMatch(/127\.0\.0\.1:9/);
    expect(await violationsIn(page, 'main')).toEqual([]);
    await view.picture('settings-refused');

    await page.getByLabel(/^URL/).fill(stage.bridge().url);
    await tabTo(page, /^Save & test/);
    await page.keyboard.press('Enter');
    await eventually(
      () => result.innerText(),
      (text) => /^Connected to StreamKPI bridge/.test(text),
    );
    expect(view.faults).toEqual([]);
  });
});
