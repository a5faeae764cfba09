import { setTimeout as sleep } from 'node:timers/promises';
import { ingest } from '../support/embedded-bridge';
import { askForThresholds, includeOpenWindows } from './rig/saved-queries';
import { alerts, cards, connection, connected, legend } from './rig/reading';
import { eventually, MINUTE_MS, pageView, startQuietStage, START_MS, type Stage } from './rig/stage';
import type { View } from './rig/view';

/** The page is the one that was opened: nothing has loaded it again. */
async function marked(view: View): Promise<() => Promise<boolean>> {
  const mark = String(Math.random());
  await view.page.evaluate((name) => (window.name = name), mark);
  const loads = (): Promise<number> =>
    view.page.evaluate(() => performance.getEntriesByType('navigation').length);
  await view.page.evaluate(() => document.body.setAttribute('data-marked', ''));
  return async () => (await view.page.locator('body[data-marked]').count()) === 1 && (await loads()) === 1;
}

/** Events of the minute that runs now, at its newest moment. */
const nowEvents = (stage: Stage, user: string, count: number) => {
  const now = Date.now();
  return ingest(
    stage.bridge(),
    Array.from({ length: count }, (_, index) => pageView(user, now - count + index)),
  );
};

const lastOf = async (view: View, series: string): Promise<number> =>
  Number((await legend(view, 'Events per minute'))[series]?.[0] ?? NaN);

describe('live', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startQuietStage();
  }, START_MS);
  afterAll(() => stage.close());

  test('what happens now is on the page a moment later, without a reload', async () => {
    const view = await stage.view('/d/streamkpi-realtime', { prepare: includeOpenWindows });
    await connected(view);
    const untouched = await marked(view);
    const asked = nowEvents(stage, 'ada', 17);
    expect((await asked).accepted).toBe(17);
    // The running minute; another may have begun in between.
    await eventually(
      () => lastOf(view, 'premium'),
      (last) => last === 17,
    );
    await nowEvents(stage, 'ada', 4);
    await eventually(
      () => lastOf(view, 'premium'),
      (last) => last === 21 || last === 4,
    );
    expect(await untouched()).toBe(true);
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test('a refresh and a wider range keep what live has brought', async () => {
    const view = await stage.view('/d/streamkpi-realtime?from=now-15m&to=now', {
      prepare: includeOpenWindows,
    });
    await connected(view);
    await nowEvents(stage, 'ben', 9);
    const before = await eventually(
      () => lastOf(view, 'basic'),
      (last) => last >= 9,
    );
    await view.page.evaluate(() => {
      const panel = document.querySelector(
        'section[data-testid="data-testid Panel header Events per minute"]',
      );
      const seen: string[] = [];
      Object.assign(window, { seenTexts: seen });
      new MutationObserver(() => seen.push(panel?.textContent ?? '')).observe(panel ?? document.body, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await view.page.getByTestId('data-testid RefreshPicker run button').click();
    await view.page.waitForTimeout(2_000);
    await view.page.getByTestId('data-testid TimePicker Open Button').click();
    await view.page.getByText('Last 30 minutes', { exact: true }).click();
    await view.page.waitForTimeout(2_000);
    const seen = await view.page.evaluate(() => (window as unknown as { seenTexts: string[] }).seenTexts);
    expect(seen.filter((text) => text.includes('No data') || !text.includes('basic'))).toEqual([]);
    expect(await lastOf(view, 'basic')).toBe(before);
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test('an alert appears once, and its row follows the count', async () => {
    const view = await stage.view('/d/streamkpi-realtime', { prepare: includeOpenWindows });
    await view.panel('Recent alerts').getByText('All clear').waitFor();
    // Both batches belong to one window of five minutes; their events lie a little before now.
    const leftMs = 5 * MINUTE_MS - (Date.now() % (5 * MINUTE_MS));
    if (leftMs < 30_000) await sleep(leftMs + 2_000);
    await nowEvents(stage, 'eve', 101);
    const rows = () => alerts(view, 'Recent alerts');
    await eventually(rows, (all) => all.length === 1 && /user eve: 101 events/.test(all[0]?.message ?? ''));
    await nowEvents(stage, 'eve', 20);
    await eventually(rows, (all) => all.length === 1 && /user eve: 121 events/.test(all[0]?.message ?? ''));
    // The count is asked for again when something has changed, with what other panels ask for, every three seconds at most.
    await eventually(
      async () => (await cards(view, 'Key figures'))['High activity alerts']?.value,
      (count) => count === '1',
    );
    expect(await rows()).toEqual([expect.objectContaining({ state: 'open' })]);
    // Its five minutes are not over: the count says that it may still grow.
    const card = view.panel('Key figures').getByRole('article');
    const ofOpenWindow = card.filter({ has: view.page.getByText('Open', { exact: true }) });
    await eventually(
      () => ofOpenWindow.getByRole('heading').allInnerTexts(),
      (titles) => titles.join() === 'High activity',
    );
    // The trends show it as an annotation once they are drawn anew.
    await view.page.getByTestId('data-testid RefreshPicker run button').click();
    const marks = view
      .panel('Events per minute')
      .getByRole('list', { name: 'Annotations' })
      .getByRole('listitem');
    await eventually(
      () => marks.evaluateAll((all) => all.map((mark) => mark.getAttribute('aria-label'))),
      (texts) => texts.length === 1 && /user eve/.test(texts[0] ?? ''),
    );
    await view.picture('alert');
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test('titles, units and thresholds of an edited metrics file are shown without a reload', async () => {
    const view = await stage.view('/d/streamkpi-alerts', { prepare: askForThresholds });
    const names = async () => Object.keys(await legend(view, 'Active users per minute'));
    const colors = () =>
      view
        .panel('Active users')
        .locator('span')
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    await eventually(names, (all) => all.join() === 'Active users');
    await view.panel('Active users').getByText('2', { exact: true }).waitFor();
    const untouched = await marked(view);
    stage.editMetrics({
      'active_users_per_minute:\n    title: Active users': 'active_users_per_minute:\n    title: Visitors',
      'field: ACTIVE_USERS\n        unit: short':
        'field: ACTIVE_USERS\n        unit: percent\n        thresholds: [{ value: 1, color: "#ff00aa" }]',
    });
    await eventually(names, (all) => all.join() === 'Visitors');
    await eventually(colors, (all) => all.includes('rgb(255, 0, 170)'));
    expect(await view.textOf('Active users')).toContain('2%');
    expect(await untouched()).toBe(true);
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test('a bridge that is killed is seen, and so is its return; nothing is missing then', async () => {
    const view = await stage.view('/d/streamkpi-realtime', { prepare: includeOpenWindows });
    const state = () => connection(view);
    await eventually(state, (now) => now === 'connected');
    const untouched = await marked(view);
    await stage.killBridge();
    await eventually(state, (now) => now === 'reconnecting' || now === 'disconnected');
    await view.picture('reconnecting');
    await stage.startBridge();
    // Before the page is back: it must come by asking, not by listening.
    await nowEvents(stage, 'ada', 33);
    await eventually(state, (now) => now === 'connected');
    await eventually(
      () => lastOf(view, 'premium'),
      (last) => last >= 33,
    );
    expect(await untouched()).toBe(true);
    await view.close();
  });

  test('a dashboard that is shared publicly shows the same numbers, and says that it is not live', async () => {
    const view = await stage.view('/d/streamkpi-realtime-shared');
    const shared = await stage.view('/public-dashboards/streamkpi-realtime-shared');
    for (const one of [view, shared])
      await one.panel('Events per minute').locator('tbody tr').first().waitFor();
    const shown = async (one: View) => ({
      // Their titles are made from the metrics' names there: Grafana takes those of the metrics file out.
      cards: Object.values(await cards(one, 'Key figures')).map(({ value }) => value),
      lines: Object.keys(await legend(one, 'Events per minute')),
      alerts: (await alerts(one, 'Recent alerts')).map(({ message }) => message),
    });
    await eventually(
      async () => ({ live: await shown(view), fixed: await shown(shared) }),
      ({ live, fixed }) => live.cards.length > 3 && JSON.stringify(fixed) === JSON.stringify(live),
    );
    expect(await connection(shared)).toBe('static');
    expect(await shared.textOf('Connection')).toContain('Public dashboards have no live updates');
    expect(await shared.panel('System status').getByRole('listitem').allInnerTexts()).toContainEqual(
      expect.stringMatching(/OK\s+Store/),
    );
    expect(shared.faults).toEqual([]);
    await shared.picture(`public`);
    for (const one of [view, shared]) await one.close();
  });
});
