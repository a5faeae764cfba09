import { setTimeout as sleep } from 'node:timers/promises';
import { ingest } from '../support/embedded-bridge';
import { ownPanels } from './rig/own-panels';
import { connected } from './rig/reading';
import { pageView, startQuietStage, START_MS, type Stage } from './rig/stage';
import type { View } from './rig/view';

/** Looked at together, so that more widths cost no more time. */
const LOOKS = [
  { uid: 'streamkpi-realtime', width: 1400 },
  { uid: 'streamkpi-pipeline', width: 1400 },
  { uid: 'streamkpi-realtime', width: 320 },
  { uid: 'streamkpi-realtime', width: 3840 },
] as const;

/** A page that is looked at for a while, with little happening: longer than a panel believes a silent bridge. */
const WATCHED_MS = 52_000;
const BETWEEN_MS = 4_000;

let stage: Stage;
beforeAll(async () => {
  stage = await startQuietStage();
}, START_MS);
afterAll(() => stage.close());

test('a live page is never called stale, shows no gap and moves nothing when numbers change', async () => {
  const looks: { uid: string; width: number; view: View }[] = [];
  for (const { uid, width } of LOOKS) {
    looks.push({ uid, width, view: await stage.view(`/d/${uid}`, { width }) });
  }
  for (const { view } of looks) {
    await connected(view);
  }
  await sleep(2_000);
  for (const { uid, view } of looks) {
    await view.page.evaluate((own) => {
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
            readonly sources?: readonly { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
          };
          for (const { node, previousRect: was, currentRect: is } of sources) {
            const element = node instanceof Element ? node : node?.parentElement;
            // A number of a table's column that gains a digit ends where it ended.
            const hasGrown = was.right === is.right && was.bottom === is.bottom;
            // What @grafana/ui draws in the graphs beside is not this app's.
            if (element?.closest(own) && !hasGrown) seen.moved.push(element.textContent);
          }
        }
      }).observe({ type: 'layout-shift' });
    }, ownPanels(uid));
  }
  const end = Date.now() + WATCHED_MS;
  for (let round = 0; Date.now() < end; round += 1) {
    const now = Date.now();
    // As many as in the past before, so that no number needs another size.
    if (round % 3 !== 2) await ingest(stage.bridge(), [pageView(round % 2 === 0 ? 'ada' : 'ben', now)]);
    await sleep(BETWEEN_MS);
  }
  for (const { uid, width, view } of looks) {
    const seen = await view.page.evaluate(() => {
      const { watched } = window as unknown as {
        readonly watched: { states: Set<string>; lost: string[]; moved: string[] };
      };
      return { ...watched, states: [...watched.states].sort() };
    });
    const odd = seen.states.filter((state) => state !== 'connected' && state !== 'scheduled');
    expect({ uid, width, odd, lost: seen.lost, moved: seen.moved }).toEqual({
      uid,
      width,
      odd: [],
      lost: [],
      moved: [],
    });
  }
});
