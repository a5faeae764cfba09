import type { Page } from 'playwright-core';
import { readInPage, replayInPage, tapInPage } from './live-tap';

/** What a page gets in an hour, in a few seconds: its clock is moved on, and what Live would bring is made in it. */

const UPDATES_A_SECOND = 10;
const HOUR_S = 3_600;
export const HOUR_OF_UPDATES = HOUR_S * UPDATES_A_SECOND;

/** The page's clock jumps so far at once. Less than the silence after which the app would doubt its stream. */
const STEP_S = 12;

/** Before the page is opened: its clock becomes one that can be moved, its Live connection one that can be spoken for. */
export async function prepareReplay(page: Page): Promise<void> {
  await page.clock.install();
  await page.addInitScript(tapInPage);
}

/**
 * One hour of ten updates a second on every channel that the page has; the server is not heard meanwhile.
 * `afterStep` gets the minutes that have passed. Gives the number of updates of each channel.
 */
export async function replayHour(
  page: Page,
  afterStep: (minutes: number) => Promise<void> = async () => {},
): Promise<number> {
  const channels = await page.evaluate(readInPage);
  if (channels.length === 0) throw new Error('the page has no Live channel that an update came on');
  let updates = 0;
  for (let passed = STEP_S; passed <= HOUR_S; passed += STEP_S) {
    await page.clock.fastForward(STEP_S * 1_000);
    updates += await page.evaluate(replayInPage, { seconds: STEP_S, perSecond: UPDATES_A_SECOND });
    await afterStep(passed / 60);
  }
  await page.clock.runFor(1_000);
  return updates;
}
