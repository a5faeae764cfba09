import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { EVENTS } from '../../support/fed-bridge/fed-metrics';
import { DataSources } from '../../support/plugin-host/data-sources';
import { LiveServer } from '../../support/plugin-host/live-server';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { ask, seriesOf } from './datasource-rig';
import { contextOf, Listener, livePath } from './live-rig';
import { eventually } from '../../support/waiting';

/** Nobody hears what is not theirs: not by a path, not by another organisation, not by a token that was replaced. */

const MINUTE_MS = 60_000;
const GOLD = 'token-of-gold-0123456789-0123456789-01';
const SILVER = 'token-of-silver-0123456789-0123456789';

describe('channels keep apart', () => {
  let host: PluginHost;
  let bridge: FedBridge;
  let live: LiveServer;
  const sources = new DataSources();
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  const query = { metric: EVENTS.name };
  const write = (segment: string, value: number): Promise<void> =>
    bridge.write(EVENTS, [{ values: [segment], startMs: now, measures: [value] }], now);

  beforeAll(async () => {
    const tenant = (name: string, token: string) => ({
      name,
      token,
      scopes: ['read', 'observe'],
      filters: { segment: [name] },
    });
    [bridge, host] = await Promise.all([
      startFedBridge({ tokens: [tenant('gold', GOLD), tenant('silver', SILVER)] }),
      startPluginHost(),
    ]);
    sources.save(1, { uid: 'gold', url: bridge.url, secureJsonData: { token: GOLD } });
    sources.save(1, { uid: 'silver', url: bridge.url, secureJsonData: { token: SILVER } });
    sources.save(2, { uid: 'gold', url: bridge.url, secureJsonData: { token: GOLD } });
    await write('gold', 1);
    await write('silver', 2);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.close();
  });
  beforeEach(() => {
    live = new LiveServer(host, sources.contextOf, { checkMs: 200 });
  });
  afterEach(() => live.close());

  test('two data sources with different tokens: other paths, other numbers', async () => {
    const [gold, silver] = [
      await livePath(host, sources, 'gold', query),
      await livePath(host, sources, 'silver', query),
    ];
    expect(gold.query).toBe(silver.query);
    expect(gold.path).not.toBe(silver.path);
    const session = live.session();
    const ofGold = new Listener(session, 'gold', gold);
    const ofSilver = new Listener(session, 'silver', silver);
    await ofGold.next('gap');
    await ofSilver.next('gap');
    await write('gold', 11.5);
    await write('silver', 22.5);
    await eventually(() => JSON.stringify(ofGold.messages).includes('11.5'), 'the number of gold');
    await eventually(() => JSON.stringify(ofSilver.messages).includes('22.5'), 'the number of silver');
    expect(JSON.stringify(ofGold.messages)).not.toContain('silver');
    expect(JSON.stringify(ofSilver.messages)).not.toContain('gold');
  });

  test('two organisations: other paths, and neither takes the other’s', async () => {
    const [one, two] = [
      await livePath(host, sources, 'gold', query, 1),
      await livePath(host, sources, 'gold', query, 2),
    ];
    expect(one.path).not.toBe(two.path);
    const trespasser = new Listener(live.session({ orgId: 2 }), 'gold', one);
    await eventually(() => trespasser.state === 'disconnected', 'the refusal');
    const member = new Listener(live.session({ orgId: 2 }), 'gold', two);
    await member.next('gap');
    expect(trespasser.messages).toEqual([]);
    expect([...live.running().keys()]).toEqual([`2/ds/gold/${two.path}`]);
  });

  test('what is forged, of another query, or of nobody is refused', async () => {
    const gold = await livePath(host, sources, 'gold', query);
    const silver = await livePath(host, sources, 'silver', query);
    const other = await livePath(host, sources, 'gold', { ...query, groupBy: [] });
    const context = contextOf(sources, 'gold');
    const status = async (path: string, data: unknown, as = context): Promise<string> =>
      (await host.subscribeStream(as, path, data)).status;
    const data = { query: gold.query, from_ms: now };
    expect(await status(gold.path, data)).toBe('OK');
    expect(await status(silver.path, data)).toBe('PERMISSION_DENIED');
    expect(await status(other.path, data)).toBe('PERMISSION_DENIED');
    expect(await status(`v1/${'0'.repeat(40)}`, data)).toBe('PERMISSION_DENIED');
    expect(await status(gold.path, { query: other.query, from_ms: now })).toBe('PERMISSION_DENIED');
    expect(await status(gold.path, { query: `${gold.query} `, from_ms: now })).not.toBe('OK');
    expect(await status(gold.path, data, contextOf(sources, 'silver'))).toBe('PERMISSION_DENIED');
    const nobody = sources.contextOf(1, 'gold', null)!;
    expect(await status(gold.path, data, nobody)).toBe('PERMISSION_DENIED');
    for (const malformed of [undefined, null, 5, 'text', [], {}, { query: 5 }, { query: '{"metric":' }]) {
      expect(await status(gold.path, malformed)).toMatch(/NOT_FOUND|PERMISSION_DENIED/);
    }
    expect((await host.publishStream(context, gold.path, { metric: 'x' })).status).toBe('PERMISSION_DENIED');
    const outsider = new Listener(live.session({ user: null }), 'gold', gold);
    await eventually(() => outsider.state === 'disconnected', 'the refusal');
    expect(live.running().size).toBe(0);
  });

  test('a stream that is asked for with another path does not begin either', async () => {
    const gold = await livePath(host, sources, 'gold', query);
    const silver = await livePath(host, sources, 'silver', query);
    const told: string[] = [];
    const end = await new Promise<Error | null>((resolve) => {
      host.runStream(
        contextOf(sources, 'gold'),
        silver.path,
        { query: gold.query, from_ms: now },
        {
          onPacket: (text) => told.push(text),
          onEnd: resolve,
        },
      );
    });
    expect(end).toBeNull();
    expect(told.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual(['ended']);
  });

  test('two Grafana nodes: streams and connections of their own, the same numbers', async () => {
    const second = await startPluginHost();
    const secondLive = new LiveServer(second, sources.contextOf, { checkMs: 200 });
    try {
      const before = bridge.clients().connections;
      const path = await livePath(host, sources, 'gold', query);
      expect(await livePath(second, sources, 'gold', query)).toEqual(path);
      const [one, two] = [
        new Listener(live.session(), 'gold', path),
        new Listener(secondLive.session(), 'gold', path),
      ];
      await one.next('gap');
      await two.next('gap');
      expect(one.messages[0]?.stream).not.toBe(two.messages[0]?.stream);
      expect(bridge.clients().connections).toBeGreaterThanOrEqual(before + 1);
      await write('gold', 33.25);
      for (const listener of [one, two]) {
        await eventually(() => JSON.stringify(listener.messages).includes('33.25'), 'the number');
      }
    } finally {
      await secondLive.close();
      await second.stop();
    }
  });
});

describe('a token that is replaced', () => {
  let host: PluginHost;
  let bridge: FakeBridge;
  const sources = new DataSources();
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  const query = { metric: EVENTS.name };

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFakeBridge({ tokens: ['old', 'new'] }), startPluginHost()]);
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, now, 1);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.close();
  });

  test('ends the old streams; nothing continues under the old token', async () => {
    const live = new LiveServer(host, sources.contextOf, { checkMs: 200 });
    const settings = { uid: 'rotated', url: bridge.url };
    sources.save(1, { ...settings, secureJsonData: { token: 'old' } });
    const old = await livePath(host, sources, 'rotated', query);
    const session = live.session();
    const listener = new Listener(session, 'rotated', old);
    await listener.next('gap');
    expect(bridge.upgrades).toEqual(['Bearer old']);

    sources.save(1, { ...settings, secureJsonData: { token: 'new' } });
    await live.settingsChanged(1, 'rotated');
    const ended = await listener.next('ended');
    expect(ended['reason']).toMatch(/settings/);
    await eventually(() => live.running().size === 0, 'the end of the old stream');
    await eventually(() => bridge.connections() === 0, 'the end of the old connection');
    const again = new Listener(live.session(), 'rotated', old);
    await eventually(() => again.state === 'disconnected', 'the refusal of the old path');

    const fresh = await livePath(host, sources, 'rotated', query);
    expect(fresh.path).not.toBe(old.path);
    const after = new Listener(session, 'rotated', fresh);
    await after.next('gap');
    expect(bridge.upgrades.at(-1)).toBe('Bearer new');
    expect(bridge.connections()).toBe(1);
    await live.close();
  });

  test('without Grafana saying so: the next query with new settings ends them', async () => {
    const live = new LiveServer(host, sources.contextOf);
    const settings = { uid: 'quietly', url: bridge.url };
    sources.save(1, { ...settings, secureJsonData: { token: 'old' } });
    const listener = new Listener(live.session(), 'quietly', await livePath(host, sources, 'quietly', query));
    await listener.next('gap');
    sources.save(1, { ...settings, secureJsonData: { token: 'new' } });
    const frames = await ask(host, contextOf(sources, 'quietly'), query, { fromMs: now, toMs: now + 1 });
    expect(seriesOf(frames)).toHaveLength(1);
    await listener.next('ended', 1);
    await live.close();
  });

  test('a token that is withdrawn is named in the stream and in queries', async () => {
    const live = new LiveServer(host, sources.contextOf);
    sources.save(1, { uid: 'withdrawn', url: bridge.url, secureJsonData: { token: 'old' } });
    const path = await livePath(host, sources, 'withdrawn', query);
    const listener = new Listener(live.session(), 'withdrawn', path);
    await listener.next('gap');
    bridge.setTokens(['new']);
    await eventually(
      () => listener.messages.some(({ type, message }) => type === 'state' && /token/i.test(String(message))),
      'the state that names the token',
    );
    await expect(
      ask(host, contextOf(sources, 'withdrawn'), query, { fromMs: now, toMs: now + 1 }),
    ).rejects.toThrow(/token/i);
    bridge.setTokens(['old', 'new']);
    await listener.next('gap', 2);
    await sleep(0);
    await live.close();
  });
});
