import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { EVENTS } from '../../support/fed-bridge/fed-metrics';
import { DataSources } from '../../support/plugin-host/data-sources';
import { LiveServer } from '../../support/plugin-host/live-server';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { startPluginProcess } from '../../support/plugin-host/plugin-process';
import { ask } from './datasource-rig';
import { Listener, livePath } from './live-rig';
import { eventually } from '../../support/waiting';

const MINUTE_MS = 60_000;

describe('resources for the editors', () => {
  let host: PluginHost;
  let bridge: FakeBridge;
  const context = () => pluginContext({ dataSource: { uid: 'resources', url: bridge.url } });
  const get = async (path: string, method = 'GET'): Promise<{ status: number; body: unknown }> => {
    const answer = await host.callResource(context(), path, { method });
    return { status: answer.status, body: JSON.parse(answer.text) as unknown };
  };

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFakeBridge(), startPluginHost()]);
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, Date.now() - MINUTE_MS, 1);
    bridge.points.putValue(EVENTS.name, { segment: 'größe/1' }, Date.now() - MINUTE_MS, 1);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.close();
  });

  test('the catalogue, values and the status, as the bridge says them', async () => {
    const catalogue = await get('metrics');
    expect(catalogue).toMatchObject({ status: 200, body: { metrics: [{ name: EVENTS.name }, {}, {}] } });
    const values = await get(`metrics/${EVENTS.name}/dimensions/segment/values?prefix=g&limit=5`);
    expect(values).toMatchObject({ status: 200, body: { values: ['gold', 'größe/1'], truncated: false } });
    expect(bridge.asked.at(-1)?.path).toMatch(/values\?.*limit=5/);
    expect(await get('status')).toMatchObject({ status: 200, body: { api_version: 'v1' } });
  });

  test('refusals of the bridge as they are', async () => {
    const unknown = await get('metrics/no_such_metric/dimensions/segment/values');
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'unknown_metric' } } });
  });

  test.each([
    ['/metrics of another kind', 'GET', '../metrics'],
    ['a query', 'GET', 'query'],
    ['another path of the bridge', 'GET', 'api/v1/metrics'],
    ['what climbs out', 'GET', 'metrics/../../healthz'],
    ['what climbs out, escaped', 'GET', 'metrics/%2e%2e%2f%2e%2e/dimensions/x/values'],
    ['readiness', 'GET', 'readyz'],
    ['more than there is', 'GET', 'metrics/a/dimensions/b/values/c'],
    ['nothing', 'GET', ''],
    ['a change', 'POST', 'metrics'],
    ['a profile', 'PUT', 'ingest/profiles/u1'],
    ['a deletion', 'DELETE', 'status'],
  ])('%s does not reach the bridge', async (_, method, path) => {
    const before = bridge.asked.length;
    const { status, body } = await get(path, method);
    expect([400, 404, 405]).toContain(status);
    expect(body).toMatchObject({ error: { message: expect.stringMatching(/\.$/) as string } });
    expect(bridge.asked).toHaveLength(before);
  });

  test('Prometheus metrics of the process', async () => {
    await ask(host, context(), { metric: EVENTS.name }, { fromMs: Date.now() - MINUTE_MS, toMs: Date.now() });
    const text = await host.collectMetrics();
    for (const name of [
      'queries_total',
      'bridge_request_duration_seconds',
      'live_streams',
      'bridge_connections',
    ]) {
      expect(text).toMatch(new RegExp(`^# HELP streamkpi_\\S*${name} `, 'm'));
    }
    expect(text).not.toContain(bridge.url.replace('http://', ''));
  });
});

describe('nothing is left behind', () => {
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const socketOf = (host: PluginHost): string => host.process.address.replace('unix:', '');

  test.each(['asked to end', 'killed'] as const)('after a backend with streams was %s', async (how) => {
    const bridge = await startFakeBridge();
    const host = await startPluginHost();
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, Date.now() - MINUTE_MS, 1);
    const sources = new DataSources();
    sources.save(1, { uid: 'ends', url: bridge.url });
    const live = new LiveServer(host, sources.contextOf);
    const path = await livePath(host, sources, 'ends', { metric: EVENTS.name });
    await new Listener(live.session(), 'ends', path).next('gap');
    const pid = host.process.process.pid!;
    const socket = socketOf(host);
    expect(existsSync(socket)).toBe(true);
    await live.close();
    if (how === 'killed') await host.kill9();
    expect(await host.stop()).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(socket))).toBe(false);
    await eventually(() => bridge.connections() === 0, 'the end of the connection');
    await bridge.close();
  });

  test('no goroutine or connection stays of streams that came and went', async () => {
    const bridge = await startFakeBridge();
    const host = await startPluginHost();
    const sources = new DataSources();
    sources.save(1, { uid: 'busy', url: bridge.url });
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, Date.now() - MINUTE_MS, 1);
    const path = await livePath(host, sources, 'busy', { metric: EVENTS.name });
    const goroutines = async (): Promise<number> =>
      Number(/^go_goroutines (\d+)$/m.exec(await host.collectMetrics())![1]);
    const files = (): number => readdirSync(`/proc/${host.process.process.pid!}/fd`).length;
    const comeAndGo = async (): Promise<void> => {
      const live = new LiveServer(host, sources.contextOf);
      await new Listener(live.session(), 'busy', path).next('gap');
      await live.close();
    };
    await comeAndGo();
    const [before, filesBefore] = [await goroutines(), files()];
    for (let i = 0; i < 30; i += 1) await comeAndGo();
    await eventually(async () => (await goroutines()) <= before + 3, 'the goroutines to end');
    expect(files()).toBeLessThanOrEqual(filesBefore + 3);
    await host.stop();
    await bridge.close();
  });

  test('a missing program is said so, with what to do', async () => {
    await expect(startPluginProcess({ executable: '/no/such/program' })).rejects.toThrow(
      /not built: \/no\/such\/program is missing. Run "npm run build"/,
    );
  });

  test('a program that is no plugin is said so', async () => {
    await expect(startPluginProcess({ executable: '/bin/true' })).rejects.toThrow(/before its handshake/);
  });
});
