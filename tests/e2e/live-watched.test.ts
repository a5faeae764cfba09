import { ingest } from '../support/embedded-bridge';
import { connection } from './rig/reading';
import { eventually, pageView, quietPast, startStage, START_MS, type Stage } from './rig/stage';

/** A page that is looked at for a while, with little happening: longer than a panel believes a silent bridge. */
const WATCHED_MS = 52_000;
const BETWEEN_MS = 4_000;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage('13');
  await quietPast(stage.bridge(), Date.now());
}, START_MS);
afterAll(() => stage.close());

test('a live page is never called stale, shows no gap and moves nothing when numbers change', async () => {
  const views = await Promise.all([stage.view('/d/streamkpi-realtime'), stage.view('/d/streamkpi-pipeline')]);
  const [realtime] = views;
  for (const view of views) {
    await eventually(
      () => connection(view),
      (state) => state === 'connected',
    );
  }
  await realtime.page.waitForTimeout(2_000);
  for (const { page } of views) {
    await page.evaluate(() => {
      const content = '[data-testid="data-testid panel content"]';
      const seen = { states: new Set<string>(), lost: [] as string[], moved: [] as string[] };
      const numbered = new Set<string>();
      Object.assign(window, { watched: seen });
      const look = (): void => {
        for (const badge of document.querySelectorAll<HTMLElement>('[data-connection]')) {
          seen.states.add(badge.dataset['connection'] ?? '');
        }
        for (const card of document.querySelectorAll('article')) {
          const name = card.querySelector('h3')?.textContent ?? '';
          const hasNumber = /\d/.test(
            card.querySelector('[data-testid="streamkpi-value"]')?.textContent ?? '',
          );
          if (hasNumber) numbered.add(name);
          else if (numbered.has(name)) seen.lost.push(name);
        }
      };
      look();
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { sources = [] } = entry as PerformanceEntry & {
            readonly sources?: readonly { readonly node: Node | null }[];
          };
          for (const { node } of sources) {
            const element = node instanceof Element ? node : node?.parentElement;
            // What @grafana/ui draws in the graphs beside is not this app's.
            if (element?.closest(content)?.querySelector('canvas, table') === null) {
              seen.moved.push(element.textContent);
            }
          }
        }
      }).observe({ type: 'layout-shift' });
    });
  }
  const end = Date.now() + WATCHED_MS;
  for (let round = 0; Date.now() < end; round += 1) {
    const now = Date.now();
    // As many as in the past before, so that no number needs another size.
    if (round % 3 !== 2) await ingest(stage.bridge(), [pageView(round % 2 === 0 ? 'ada' : 'ben', now)]);
    await realtime.page.waitForTimeout(BETWEEN_MS);
  }
  for (const { page } of views) {
    const seen = await page.evaluate(() => {
      const { watched } = window as unknown as {
        readonly watched: { states: Set<string>; lost: string[]; moved: string[] };
      };
      return { ...watched, states: [...watched.states].sort() };
    });
    expect(seen.states.filter((state) => state !== 'connected' && state !== 'scheduled')).toEqual([]);
    expect(seen.lost).toEqual([]);
    expect(seen.moved).toEqual([]);
  }
}, 120_000);
