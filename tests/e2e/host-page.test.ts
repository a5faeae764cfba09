import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { startHost, type RunningHost } from '../../host/server/host-server';
import { expanded } from '../../host/server/provisioning';
import { startBrowser } from './rig/browser';
import { START_MS } from './rig/stage';
import { openView } from './rig/view';

/** The host page itself: what it lets in, and that it is as strict as the Grafana it stands for. */

const ROOT = join(__dirname, '../..');

/** An app of two files, whose module asks its host for `wanted`. */
function smallApp(wanted: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'streamkpi-app-'));
  const manifest = { id: 'small-test-app', name: 'Small', type: 'app', info: { version: '1.0.0' } };
  writeFileSync(join(path, 'plugin.json'), JSON.stringify(manifest));
  writeFileSync(
    join(path, 'module.js'),
    `define(['@grafana/data', '${wanted}'], function (data) { return { plugin: new data.AppPlugin() }; });`,
  );
  mkdirSync(join(path, 'datasource'));
  cpSync(join(ROOT, 'dist/datasource'), join(path, 'datasource'), { recursive: true });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const start = (dist: string): Promise<RunningHost> =>
  startHost({
    root: ROOT,
    port: 0,
    bridgeUrl: 'http://127.0.0.1:9',
    bridgeToken: 'secret-token',
    dist,
  });

describe('the server', () => {
  let app: ReturnType<typeof smallApp>;
  let host: RunningHost;
  beforeAll(async () => {
    app = smallApp('lodash');
    host = await start(app.path);
  }, START_MS);
  afterAll(async () => {
    await host.close();
    app.remove();
  });

  const statusWith = (path: string, headers: Readonly<Record<string, string>>): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = request(host.address + path, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      call.on('error', reject);
      call.end();
    });

  test.each<[string, Record<string, string>, number]>([
    ['its own name', {}, 200],
    ['a name that resolves to this machine', { host: 'evil.example:80' }, 403],
    ['a page of another origin', { origin: 'http://evil.example' }, 403],
    ['a page of no origin', { origin: 'null' }, 403],
  ])('is asked by %s', async (_, headers, status) => {
    expect(await statusWith('/api/search', headers)).toBe(status);
  });

  test("refuses another origin's WebSocket", async () => {
    const socket = new WebSocket(`${host.address.replace('http', 'ws')}/api/live/ws`, {
      origin: 'http://evil.example',
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (_request, answer) => resolve(String(answer.statusCode)));
      socket.on('error', (error) => resolve(error.message));
    });
    expect(outcome).toMatch(/403/);
  });

  test('gives out no secret, no executable and nothing outside the plugin', async () => {
    const settings = await (await fetch(`${host.address}/api/datasources/uid/streamkpi`)).text();
    expect(settings).toMatch(/"secureJsonFields":\{"token":true\}/);
    const page = await (await fetch(host.address)).text();
    expect(settings + page).not.toMatch(/secret-token/);
    for (const path of [
      '/public/plugins/small-test-app/datasource/gpx_streamkpi_linux_amd64',
      '/public/plugins/small-test-app/..%2f..%2f..%2fetc%2fhostname.json',
      '/public/plugins/small-test-app/%2e%2e/%2e%2e/package.json',
    ]) {
      expect((await fetch(host.address + path)).status).toBe(404);
    }
  });

  test('a data source of a missing kind is left out of the pages, and a dashboard that is not there is named', async () => {
    const settings = (await (await fetch(`${host.address}/api/frontend/settings`)).json()) as {
      datasources: object;
    };
    expect(settings.datasources).toEqual({});
    const answer = await fetch(`${host.address}/api/dashboards/uid/none`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringMatching(/no dashboard none; there are: /),
    ]);
  });

  test('provisioning files are filled in from the environment as Grafana does it', () => {
    const environment = { HOST: 'bridge', PORT: '8765' };
    expect(expanded('http://$HOST:${PORT}/$__env{HOST}?$MISSING', environment)).toBe(
      'http://bridge:8765/bridge?',
    );
  });
});

describe('what a plugin may ask for', () => {
  test.each([
    { wanted: 'react/jsx-runtime', loads: true },
    { wanted: 'rxjs/operators', loads: true },
    { wanted: '@grafana/i18n', loads: false },
  ] as const)('$wanted: $loads', async ({ wanted, loads }) => {
    const app = smallApp(wanted);
    const host = await start(app.path);
    const browser = await startBrowser();
    try {
      const view = await openView(browser, host.address, '/dashboards');
      await view.page.getByRole('heading', { name: 'Dashboards' }).waitFor();
      expect(await view.page.getByText('The app could not be loaded').count()).toBe(loads ? 0 : 1);
    } finally {
      await browser.close();
      await host.close();
      app.remove();
    }
  });
});
