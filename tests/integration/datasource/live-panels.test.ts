import { setTimeout as sleep } from 'node:timers/promises';
import { frameMeta } from '../../../src/frames/frame-meta';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { startFedBridge } from '../../support/fed-bridge/fed-bridge';
import { ALERTS, EVENTS } from '../../support/fed-bridge/fed-metrics';
import { shownBy } from '../../support/live-schedule/compared-frames';
import { LivePanel } from '../../support/live-schedule/live-panel';
import { openPage, type LivePage } from '../../support/live-schedule/live-page';
import { quickClock } from '../../support/live-schedule/quick-clock';
import { DataSources } from '../../support/plugin-host/data-sources';
import { LiveServer } from '../../support/plugin-host/live-server';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { createRandom } from '../../support/seeded-random';
import { eventually } from '../../support/waiting';

/** What a panel shows of a bridge that answers questions but keeps nothing up to date, or keeps nothing for long. */

const MINUTE_MS = 60_000;

let host: PluginHost;
let live: LiveServer;
let page: LivePage;
const panels: LivePanel[] = [];
const sources = new DataSources();

beforeAll(async () => {
  host = await startPluginHost();
});
afterAll(() => host.stop());

function open(uid: string, url: string): void {
  sources.save(1, { uid, url });
  live = new LiveServer(host, sources.contextOf, { checkMs: 300 });
  const session = live.session({ retryMs: 50, lingerMs: 25 });
  page = openPage(uid, { host, sources, session, clock: quickClock(createRandom(1)) });
}
afterEach(async () => {
  for (const panel of panels.splice(0)) panel.close();
  await eventually(() => page.hub.size + live.running().size === 0, 'the page to be forgotten');
  await live.close();
});

function panelOf(query: LivePanel['what']['query'], range = 'now-1h'): LivePanel {
  const { hub, runner, uid } = page;
  const written = { epoch: 0, historyOf: () => [] };
  const panel = new LivePanel('the panel', { query, weight: 1 }, range, 1_000, {
    hub,
    runner,
    uid,
    written,
  });
  panels.push(panel);
  return panel;
}

describe('a bridge without a stream', () => {
  let bridge: FakeBridge;
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  const put = (value: number): void => bridge.points.putValue(EVENTS.name, { segment: 'gold' }, now, value);
  const message = (panel: LivePanel): string => frameMeta(panel.frames[0]!)?.state_message ?? '';
  const shows = (panel: LivePanel, value: number): Promise<boolean> =>
    eventually(() => panel.frames[0]?.fields[1]?.values[0] === value, `${value} to be shown`);

  beforeEach(async () => {
    bridge = await startFakeBridge({ heartbeatMs: 300 });
    put(1);
    bridge.points.setWatermark(EVENTS.name, now);
  });
  afterEach(() => bridge.close());

  test('because a proxy passes no upgrades on: its points come by asking, and the panel says why', async () => {
    open('no-upgrades', bridge.url);
    bridge.misbehaviour.refuseUpgrade = 404;
    const panel = panelOf({ metric: EVENTS.name });
    await shows(panel, 1);
    await eventually(() => panel.state === 'polling', 'the panel to ask by itself');
    expect(message(panel)).toMatch(
      /rejected the WebSocket upgrade \(HTTP status 404\).* every 10 s instead\.$/,
    );
    for (const value of [2, 3]) {
      put(value);
      await shows(panel, value);
      expect(panel.state).toBe('polling');
    }
    bridge.misbehaviour.refuseUpgrade = null;
    await eventually(() => panel.state === 'connected', 'the stream');
    put(4);
    await shows(panel, 4);
    expect(panel.faults).toEqual([]);
  });

  test('because it says nothing any more', async () => {
    open('mute', bridge.url);
    const panel = panelOf({ metric: EVENTS.name });
    await eventually(() => panel.state === 'connected' && bridge.subscriptions() === 1, 'the stream');
    bridge.misbehaviour.mute = true;
    put(2);
    await eventually(() => panel.state === 'polling', 'the silence to be noticed');
    await eventually(() => message(panel).startsWith('The bridge has sent nothing for 15 s.'), 'the reason');
    await shows(panel, 2);
    bridge.misbehaviour.mute = false;
    bridge.drop();
    await eventually(() => panel.state === 'connected', 'the stream to come back');
    put(3);
    await shows(panel, 3);
    expect(panel.faults).toEqual([]);
  });
});

test('a late event far back reaches a panel whose range became wider, after the backend was killed', async () => {
  const bridge = await startFedBridge();
  try {
    open('outlived', bridge.url);
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const write = (startMs: number, value: number): Promise<void> =>
      bridge.write(EVENTS, [{ values: ['gold'], startMs, measures: [value] }], minute);
    await write(minute, 1);
    const panel = panelOf({ metric: EVENTS.name }, 'now-45m');
    const values = (): readonly unknown[] => panel.frames[0]?.fields[1]?.values ?? [];
    const shows = (...wanted: readonly number[]): Promise<boolean> =>
      eventually(() => String(values()) === String(wanted), `${wanted.join(', ')} to be shown`);
    await shows(1);
    await eventually(() => panel.state === 'connected', 'the stream');
    panel.refresh('now-2h');
    await write(minute - 100 * MINUTE_MS, 2);
    await shows(2, 1);
    await host.kill9();
    await host.restart();
    await eventually(() => bridge.clients().connections === 1, 'the new backend to be connected');
    await write(minute, 3);
    await shows(2, 3);
    // Nothing is asked any more: what comes now comes by the stream.
    await sleep(6_000);
    await write(minute - 90 * MINUTE_MS, 4);
    await shows(2, 4, 3);
    expect(panel.faults).toEqual([]);
  } finally {
    await bridge.close();
  }
});

test('an event that has passed its retention leaves every panel as it leaves the answers', async () => {
  const LEFT_MS = 60_000;
  let aheadMs = 0;
  const { sizeMs } = ALERTS.window;
  const oldMs = Math.floor(Date.now() / sizeMs) * sizeMs - 2 * sizeMs;
  const alerts = { ...ALERTS, retentionMs: Date.now() + LEFT_MS - oldMs - sizeMs };
  const bridge = await startFedBridge({ metrics: [alerts], clock: () => Date.now() + aheadMs });
  try {
    open('expiring', bridge.url);
    await bridge.write(alerts, [{ values: ['old'], startMs: oldMs, measures: [7] }], oldMs);
    await bridge.write(alerts, [{ values: ['new'], startMs: oldMs + sizeMs, measures: [9] }], oldMs + sizeMs);
    const query = { kind: 'events', metric: alerts.name } as const;
    const [first, second] = [panelOf(query), panelOf({ ...query, limit: 50 })];
    const users = (panel: LivePanel): readonly unknown[] =>
      panel.frames[0]?.fields.find(({ name }) => name === 'user_id')?.values ?? [];
    await eventually(() => first.state === 'connected' && second.state === 'connected', 'the stream');
    expect([users(first), users(second)]).toEqual([
      ['new', 'old'],
      ['new', 'old'],
    ]);
    aheadMs = LEFT_MS;
    first.refresh();
    for (const panel of [first, second]) {
      await eventually(() => users(panel).length === 1, 'the event to leave');
      const { data } = await page.runner.run(panel.questionNow());
      expect(shownBy(panel.frames)).toEqual(shownBy(data as typeof panel.frames));
    }
  } finally {
    await bridge.close();
  }
});
