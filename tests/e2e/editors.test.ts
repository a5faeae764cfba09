import type { Page } from 'playwright-core';
import { eventually, HOSTS, quietPast, startStage, START_MS, type Stage } from './rig/stage';

/** Presses Tab until the element with this accessible name has the focus; fails when it never does. */
async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return '';
      const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
      const label = labels.map((one) => one.textContent).join(' ');
      return element.getAttribute('aria-label') ?? (label === '' ? element.innerText : label);
    });
    if (name.test(focused)) return;
    passed.push(focused);
  }
  throw new Error(`Tab never comes to ${String(name)}; it passes ${passed.join(', ')}`);
}

/** Goes down the open list to an option with this text and takes it. */
async function choose(page: Page, text: RegExp): Promise<void> {
  await page.getByRole('option', { name: text }).waitFor();
  const passed: string[] = [];
  for (let pressed = 0; pressed < 20; pressed += 1) {
    const active = await page.evaluate(() => {
      const id = document.activeElement?.getAttribute('aria-activedescendant') ?? '';
      // Grafana 13's list names no element that there is, but marks the active one.
      const found =
        document.getElementById(id) ?? document.querySelector('[role=option][aria-selected=true]');
      return found?.textContent ?? '';
    });
    if (text.test(active)) {
      await page.keyboard.press('Enter');
      return;
    }
    passed.push(active);
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(50);
  }
  throw new Error(`no option like ${String(text)} is ever active: ${passed.join(', ')}`);
}

describe.each(HOSTS)('editors by keyboard alone on Grafana %s', (grafana) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(grafana);
    await quietPast(stage.bridge(), Date.now());
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
    await view.picture(`explore-grafana-${grafana}`);
    expect(view.faults).toEqual([]);
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
    await view.picture(`settings-refused-grafana-${grafana}`);

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
