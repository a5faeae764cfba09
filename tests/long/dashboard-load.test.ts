import { setTimeout as sleep } from 'node:timers/promises';
import { ingest } from '../support/embedded-bridge';
import { cards, connected } from '../e2e/rig/reading';
import { eventually, pageView, startQuietStage, START_MS, type Stage } from '../e2e/rig/stage';
import type { View } from '../e2e/rig/view';

/** What one page of a bundled dashboard, refreshed each minute, asks of Grafana in a minute, whatever happens. */
const MOST_A_MINUTE = 40;
const MINUTE_MS = 60_000;
const DASHBOARDS = [
  'streamkpi-realtime',
  'streamkpi-alerts',
  'streamkpi-forecasts',
  'streamkpi-pipeline',
] as const;
const SHOW_CONNECTION: readonly string[] = ['streamkpi-realtime', 'streamkpi-pipeline'];

describe('how often an open dashboard asks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startQuietStage();
  }, START_MS);
  afterAll(() => stage.close());

  const open = async (): Promise<{ uid: string; view: View; asked: () => number }[]> => {
    const pages = [];
    for (const uid of DASHBOARDS) {
      let asked = 0;
      const view = await stage.view(`/d/${uid}`);
      view.page.on('request', (request) => {
        if (/\/api\/(ds\/query|datasources\/uid\/[^/]+\/resources)/.test(request.url())) asked += 1;
      });
      pages.push({ uid, view, asked: () => asked });
    }
    return pages;
  };

  test('with an alert that grows every second, and while the bridge is gone', async () => {
    const pages = await open();
    for (const { uid, view } of pages) {
      if (!SHOW_CONNECTION.includes(uid)) continue;
      await connected(view);
    }
    const counted: Record<string, number> = {};
    const count = async (state: string, during: (secondMs: number) => Promise<unknown>): Promise<void> => {
      const before = pages.map(({ asked }) => asked());
      const end = Date.now() + MINUTE_MS;
      while (Date.now() < end) {
        await during(Date.now());
        await sleep(1_000);
      }
      pages.forEach(({ uid, asked }, i) => (counted[`${state} ${uid}`] = asked() - before[i]!));
    };
    const busy = (count: number, now: number) =>
      ingest(
        stage.bridge(),
        Array.from({ length: count }, (_, i) => pageView('eve', now - count + i)),
      );
    await busy(101, Date.now());
    await count('open alert', (now) => busy(3, now));
    await stage.killBridge();
    await count('no bridge', () => Promise.resolve());
    await stage.startBridge();
    console.log(JSON.stringify(counted));
    expect(Object.entries(counted).filter(([, asked]) => asked > MOST_A_MINUTE)).toEqual([]);
  }, 300_000);

  test('the first card has its number soon after a warm start', async () => {
    const view = await stage.view('/d/streamkpi-realtime');
    const tookMs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const startedMs = Date.now();
      await view.page.reload({ waitUntil: 'commit' });
      await eventually(
        () => cards(view, 'Key figures'),
        (read) => Object.values(read).some(({ value }) => /\d/.test(value)),
        30_000,
      );
      tookMs.push(Date.now() - startedMs);
    }
    console.log(`first card after ${tookMs.join(', ')} ms`);
    expect(Math.min(...tookMs)).toBeLessThan(3_000);
  }, 120_000);
});
