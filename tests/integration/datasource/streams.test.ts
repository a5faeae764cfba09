import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/datasource/live/ports';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { startFedBridge } from '../../support/fed-bridge/fed-bridge';
import { EVENTS } from '../../support/fed-bridge/fed-metrics';
import { openPage } from '../../support/live-schedule/live-page';
import { LivePanel } from '../../support/live-schedule/live-panel';
import type { PointHistory } from '../../support/live-schedule/written-points';
import { DataSources } from '../../support/plugin-host/data-sources';
import { LiveServer } from '../../support/plugin-host/live-server';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { Listener, livePath } from './live-rig';
import { eventually } from '../../support/waiting';

/** Streams over one bridge connection: shared, freed, and kept alive whatever the bridge does. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const FREED_MS = 20_000;
/** For panels whose points are checked by the test itself. */
const NOTHING: PointHistory = { epoch: 0, historyOf: () => [], shown: () => new Map() };

describe('live streams', () => {
  let host: PluginHost;
  let bridge: FakeBridge;
  let live: LiveServer;
  const sources = new DataSources();
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  let count = 0;
  let uid = '';

  const segment = (name: string) => ({
    metric: EVENTS.name,
    filters: [{ dimension: 'segment', op: '=' as const, values: [name] }],
  });
  const put = (value: number, startMs = now, name = 'gold'): void =>
    bridge.points.putValue(EVENTS.name, { segment: name }, startMs, value);

  beforeAll(async () => {
    host = await startPluginHost();
  });
  afterAll(() => host.stop());
  beforeEach(async () => {
    bridge = await startFakeBridge({ heartbeatMs: 300 });
    uid = `streams-${(count += 1)}`;
    sources.save(1, { uid, url: bridge.url });
    live = new LiveServer(host, sources.contextOf);
    put(1);
    bridge.points.setWatermark(EVENTS.name, now);
  });
  afterEach(async () => {
    await live.close();
    await bridge.close();
  });

  test('a stream begins with a gap, then tells each change once, in order', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    expect(listener.states).toEqual(['pending', 'connecting', 'connected']);
    expect(listener.hellos).toMatchObject([{ v: 1, type: 'hello', active: false }]);
    for (const value of [2, 3, 4.25]) {
      const before = listener.of('update').length;
      put(value);
      await listener.next('update', before + 1);
    }
    const updates = listener.of('update').map(({ series }) => series as object[]);
    expect(updates.at(-1)).toEqual([
      {
        labels: { segment: 'gold' },
        times: [now],
        values: [4.25],
        revisions: [4],
        open_from_ms: now,
      },
    ]);
    bridge.points.removeValue(EVENTS.name, { segment: 'gold' }, now);
    const removal = await listener.next('update', listener.of('update').length + 1);
    expect(removal.series).toMatchObject([{ times: [], removed: [now], removed_revisions: [5] }]);
    await listener.next('heartbeat');
    expect(listener.messages.map(({ seq }) => seq)).toEqual(listener.messages.map((_, i) => i + 1));
    expect(new Set(listener.messages.map(({ stream }) => stream)).size).toBe(1);
    expect(JSON.stringify(listener.messages.at(-1))).toContain(bridge.points.epoch());
  });

  test('100 panels of a page: one connection, and nothing of a panel is left 20 s after its closing', async () => {
    for (let i = 0; i < 100; i += 1) put(i, now, `segment-${i}`);
    const page = openPage(uid, { host, sources, session: live.session(), clock: systemClock });
    const panels = Array.from({ length: 100 }, (_, i) => {
      const what = { query: segment(`segment-${i}`), weight: 1 };
      return new LivePanel(`panel ${i}`, what, 'now-1h', 1_000, { ...page, written: NOTHING });
    });
    for (const panel of panels) {
      await eventually(() => panel.state === 'connected', `${panel.name} to be connected`);
    }
    await eventually(() => bridge.subscriptions() === 100, 'the subscriptions');
    expect(bridge.connections()).toBe(1);
    expect(bridge.upgrades).toHaveLength(1);
    expect(await host.collectMetrics()).toMatch(/bridge_connections\S* 1\n/);
    for (let i = 0; i < 100; i += 1) put(1_000 + i, now, `segment-${i}`);
    for (const [i, panel] of panels.entries()) {
      const newest = (): unknown => (panel.frames[0]?.fields[1]?.values as unknown[]).at(-1);
      await eventually(() => newest() === 1_000 + i, `the change in ${panel.name}`);
    }
    // The browser's own delay, Grafana's and the backend's, one after the other.
    for (const panel of panels.slice(0, 60)) panel.close();
    await eventually(() => bridge.subscriptions() === 40, 'the 60 that were closed to be freed', FREED_MS);
    for (const panel of panels.slice(60)) panel.close();
    await eventually(() => bridge.subscriptions() === 0 && live.running().size === 0, 'the rest', FREED_MS);
    await eventually(() => page.hub.size === 0, 'the page to forget', FREED_MS);
    await eventually(() => bridge.connections() === 0, 'the end of the connection', FREED_MS);
    expect(panels.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('equal queries of any number of viewers share one subscription, however they are written', async () => {
    const filters = [
      { dimension: 'segment', op: '=~', values: ['b', 'a.*'] },
      { dimension: 'segment', op: '!=', values: ['x', 'y'] },
    ];
    const reversed = [...filters].reverse().map((one) => ({ ...one, values: [...one.values].reverse() }));
    const one = await livePath(host, sources, uid, { metric: EVENTS.name, filters });
    const same = await livePath(host, sources, uid, { metric: EVENTS.name, filters: reversed, alias: 'x' });
    expect(same).toEqual(one);
    const listeners = Array.from({ length: 10 }, () => new Listener(live.session(), uid, one));
    await eventually(() => listeners.every(({ state }) => state === 'connected'), 'all to be connected');
    await eventually(() => bridge.subscriptions() === 1, 'the subscription');
    expect(live.running().size).toBe(1);
    // Later subscribers get `active`, so that they query what they missed.
    const late = new Listener(live.session(), uid, one);
    await eventually(() => late.hellos.length > 0, 'the hello');
    expect(late.hellos[0]).toMatchObject({ type: 'hello', active: true });
    expect(bridge.subscriptions()).toBe(1);
  });

  test('a viewer of an earlier range widens the one subscription', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const reach = (): number => Date.now() - Number(bridge.received.at(-1)!['from_ms']);
    const near = new Listener(live.session(), uid, path, Date.now() - HOUR_MS / 2);
    await near.next('gap');
    expect(reach()).toBeGreaterThanOrEqual(HOUR_MS / 2);
    expect(reach()).toBeLessThan(3 * HOUR_MS);
    const far = new Listener(live.session(), uid, path, Date.now() - 5 * HOUR_MS);
    await near.next('gap', 2);
    expect(reach()).toBeGreaterThanOrEqual(5 * HOUR_MS);
    expect(bridge.subscriptions()).toBe(1);
    // A late correction three hours back now comes to both.
    put(9, now - 3 * HOUR_MS);
    for (const listener of [near, far]) {
      await eventually(
        () => JSON.stringify(listener.of('update')).includes(`[${now - 3 * HOUR_MS}]`),
        'the correction',
      );
    }
  });

  test('a bridge that drops the connection, asks for patience, or resyncs', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    bridge.drop();
    put(2);
    await listener.next('state', listener.of('state').length + 1);
    await listener.next('gap', 2);
    expect(listener.of('state').map(({ state }) => state)).toEqual(
      expect.arrayContaining(['reconnecting', 'connected']),
    );
    bridge.drop(1001);
    await listener.next('gap', 3);
    bridge.points.gap('store_gap');
    await listener.next('gap', 4);
    bridge.points.lose();
    put(5);
    await listener.next('gap', 5);
    await eventually(
      () => JSON.stringify(listener.messages.at(-1)).includes(bridge.points.epoch()),
      'the new epoch',
    );
    expect(listener.messages.map(({ seq }) => seq)).toEqual(listener.messages.map((_, i) => i + 1));
    expect(live.running().size).toBe(1);
  });

  test('a bridge that skips an update is asked again', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    bridge.misbehaviour.update = (message) => ({ ...message, seq: Number(message['seq']) + 1 });
    put(2);
    await listener.next('gap', 2);
    bridge.misbehaviour.update = null;
    put(3);
    await eventually(() => JSON.stringify(listener.messages).includes('[3]'), 'the point');
  });

  test('messages that are none, of types of the future, and far too many', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    bridge.flood({ type: 'of_the_future', id: 'x' }, 10);
    bridge.flood('no JSON at all', 3);
    put(2);
    await eventually(() => JSON.stringify(listener.messages).includes('[2]'), 'the point');
    for (let i = 0; i < 2_000; i += 1) {
      put(i, now - (i % 50) * MINUTE_MS);
      if (i % 100 === 0) await sleep(1);
    }
    put(77.5);
    await eventually(() => JSON.stringify(listener.messages).includes('77.5'), 'the last of many');
    // Batched: many times fewer messages than changes.
    expect(listener.messages.length).toBeLessThan(100);
  });

  test('a metric that is gone is said so, and comes back', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    bridge.hide(EVENTS.name);
    bridge.drop();
    const error = await listener.next('error');
    expect(error).toMatchObject({ code: 'unknown_metric', message: expect.stringMatching(/\.$/) as string });
    bridge.hide();
    await listener.next('gap', 2);
  });

  test('the backend is killed: Grafana begins the stream anew on the new process', async () => {
    const path = await livePath(host, sources, uid, segment('gold'));
    const listener = new Listener(live.session(), uid, path);
    await listener.next('gap');
    await host.kill9();
    await host.restart();
    await listener.next('gap', 2);
    expect(new Set(listener.messages.map(({ stream }) => stream)).size).toBe(2);
    put(3);
    await eventually(() => JSON.stringify(listener.messages).includes('[3]'), 'the point');
    expect(bridge.connections()).toBe(1);
  });

  test('the real bridge has one connection too', async () => {
    const fed = await startFedBridge();
    try {
      await fed.write(EVENTS, [{ values: ['gold'], startMs: now, measures: [1] }], now);
      sources.save(1, { uid: 'fed', url: fed.url });
      const session = live.session();
      for (let i = 0; i < 20; i += 1) {
        const path = await livePath(host, sources, 'fed', segment(`segment-${i}`));
        await new Listener(session, 'fed', path).next('gap');
      }
      expect(fed.clients()).toMatchObject({ connections: 1, subscriptions: 20 });
    } finally {
      await live.close();
      await fed.close();
    }
  });
});
