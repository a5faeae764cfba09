import type { Page } from 'playwright-core';

/** What somebody does who has no mouse. */

/** The accessible name of what has the focus, as far as the editors and panels give one. */
const focusedName = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return '';
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    const label = labels.map((one) => one.textContent).join(' ');
    return (element.getAttribute('aria-label') ?? (label === '' ? element.innerText : label)).trim();
  });

/** Presses Tab until the element with this accessible name has the focus; fails when it never does. */
export async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    const focused = await focusedName(page);
    if (name.test(focused)) return;
    passed.push(focused);
  }
  throw new Error(`Tab never comes to ${String(name)}; it passes ${passed.join(', ')}`);
}

/** Goes down the open list to an option with this text and takes it. */
export async function choose(page: Page, text: RegExp): Promise<void> {
  await page.getByRole('option', { name: text }).first().waitFor();
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

/** Types into a field that completes what is typed, and takes what it then offers first. */
export async function complete(page: Page, typed: string, offered: RegExp): Promise<void> {
  await page.keyboard.type(typed);
  await page.getByRole('option', { name: offered }).first().waitFor();
  await page.keyboard.press('Enter');
}
