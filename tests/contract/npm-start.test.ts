import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../support/free-port';

/** npm start: which Grafana it takes and how it starts it, and what it says of settings that cannot be used. */

interface Grafana {
  readonly command: readonly string[];
  readonly home: string;
}
interface RealGrafana {
  findGrafana(environment: Record<string, string>): Grafana | null;
  grafanaStart(
    grafana: Grafana,
    at: { port: number; bridgeUrl: string; data: string; app: string },
  ): { command: string; args: string[]; env: Record<string, string> };
}
interface Settings {
  readSettings(
    args: readonly string[],
    environment: Record<string, string>,
  ): Promise<{ grafana: Grafana | null; store: string; port: number; isDockerAtHand: boolean }>;
}

const root = join(__dirname, '../..');
let folder: string;
let real: RealGrafana;
let settings: Settings;

beforeAll(async () => {
  // By variables: these modules have no declarations.
  const [realGrafana, read]: string[] = ['real-grafana', 'settings'].map(
    (name) => `../../scripts/start/${name}.mjs`,
  );
  real = (await import(realGrafana!)) as RealGrafana;
  settings = (await import(read!)) as Settings;
});
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'streamkpi-npm-start-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '#!/bin/sh\nexit 0\n');
  chmodSync(file, 0o755);
  return file;
}

/** What Grafana's archive unpacks to. */
function grafanaHome(name: string, executable = 'grafana'): string {
  program(name, 'bin', executable);
  mkdirSync(join(folder, name, 'conf'));
  writeFileSync(join(folder, name, 'conf/defaults.ini'), '');
  mkdirSync(join(folder, name, 'public'));
  return join(folder, name);
}

describe('a Grafana at hand', () => {
  test('GRAFANA_HOME wins over the PATH', () => {
    const [named, other] = [grafanaHome('named'), grafanaHome('other')];
    expect(real.findGrafana({ GRAFANA_HOME: named, PATH: join(other, 'bin') })).toEqual({
      command: [join(named, 'bin/grafana'), 'server'],
      home: named,
    });
  });

  test('grafana on the PATH is taken with the home beside it, through a link too', () => {
    const home = grafanaHome('grafana-12');
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(home, 'bin/grafana'), join(folder, 'links/grafana'));
    const path = ['', join(folder, 'nothing'), join(folder, 'links')].join(':');
    expect(real.findGrafana({ PATH: path })).toEqual({
      command: [join(folder, 'links/grafana'), 'server'],
      home,
    });
  });

  test('before 9.4 the program is grafana-server, without a subcommand', () => {
    const home = grafanaHome('old', 'grafana-server');
    expect(real.findGrafana({ GRAFANA_HOME: home })).toEqual({
      command: [join(home, 'bin/grafana-server')],
      home,
    });
  });

  test('a grafana on the PATH whose home is not to be found is left, and nothing is none', () => {
    program('bin', 'elsewhere', 'grafana');
    const found = real.findGrafana({ PATH: join(folder, 'bin/elsewhere') });
    // The system's own home, where one is installed; never a home that is none.
    expect([undefined, '/usr/share/grafana']).toContain(found?.home);
    expect(real.findGrafana({ PATH: folder })).toBeNull();
    expect(real.findGrafana({})).toBeNull();
  });

  test.each<[string, () => void]>([
    ['no program', () => rmSync(join(folder, 'home/bin'), { recursive: true })],
    ['no conf/', () => rmSync(join(folder, 'home/conf'), { recursive: true })],
    ['no public/', () => rmSync(join(folder, 'home/public'), { recursive: true })],
  ])('GRAFANA_HOME with %s is refused with a sentence', (_, remove) => {
    const home = grafanaHome('home');
    remove();
    expect(() => real.findGrafana({ GRAFANA_HOME: home })).toThrow(
      /^GRAFANA_HOME is .*home, but there is no/,
    );
  });

  test('is started on loopback, on data of its own, with the built app and this provisioning', () => {
    const home = grafanaHome('home');
    const data = join(folder, 'store/grafana');
    const app = join(folder, 'dist');
    const at = { port: 3456, bridgeUrl: 'http://127.0.0.1:8765', data, app };
    const { command, args, env } = real.grafanaStart({ command: ['grafana', 'server'], home }, at);
    expect([command, ...args]).toEqual(['grafana', 'server', '--homepath', home]);
    expect(env).toMatchObject({
      GF_PATHS_DATA: data,
      GF_PATHS_PLUGINS: join(data, 'plugins'),
      GF_PATHS_PROVISIONING: join(root, 'provisioning'),
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_SERVER_HTTP_PORT: '3456',
      STREAMKPI_BRIDGE_URL: 'http://127.0.0.1:8765',
    });
    expect(env['GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS']!.split(',').sort()).toEqual([
      'streamkpi-kpi-panel',
      'streamkpi-realtime-app',
      'streamkpi-realtime-datasource',
    ]);
    expect(readlinkSync(join(data, 'plugins/streamkpi-realtime-app'))).toBe(app);
    // A second start finds the link of the first.
    real.grafanaStart({ command: ['grafana', 'server'], home }, { ...at, app: join(folder, 'other') });
    expect(readlinkSync(join(data, 'plugins/streamkpi-realtime-app'))).toBe(join(folder, 'other'));
  });
});

describe('the settings of npm start', () => {
  test('a relative STORE_PATH is one below the project, as the bridge reads it', async () => {
    expect((await settings.readSettings([], { STORE_PATH: 'my/data' })).store).toBe(join(root, 'my/data'));
    expect((await settings.readSettings([], { STORE_PATH: folder })).store).toBe(folder);
    expect((await settings.readSettings([], {})).store).toBe(join(root, 'data'));
  });

  test('--host-page leaves a Grafana at hand alone', async () => {
    const home = grafanaHome('home');
    const environment = { GRAFANA_HOME: home };
    expect((await settings.readSettings([], environment)).grafana).toMatchObject({ home });
    expect((await settings.readSettings(['--host-page'], environment)).grafana).toBeNull();
  });

  test('Docker is only spoken of, and only where there is no Grafana', async () => {
    program('bin', 'docker');
    const PATH = join(folder, 'bin');
    expect((await settings.readSettings([], { PATH })).isDockerAtHand).toBe(true);
    expect((await settings.readSettings(['--host-page'], { PATH })).isDockerAtHand).toBe(false);
    const GRAFANA_HOME = grafanaHome('home');
    expect((await settings.readSettings([], { PATH, GRAFANA_HOME })).isDockerAtHand).toBe(false);
    expect((await settings.readSettings([], { PATH: folder })).isDockerAtHand).toBe(false);
  });

  test("the page never takes the bridge's port", async () => {
    const port = String(await freePort());
    const read = await settings.readSettings([], { HOST_PORT: port, BRIDGE_PORT: port });
    expect(read.port).toBeGreaterThan(Number(port));
  });
});

describe('npm start that cannot work', () => {
  const script = join(root, 'scripts/start.mjs');
  const environmentOf = (bridgePort: number, more: Record<string, string>) => ({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    STORE_PATH: join(folder, 'store'),
    BRIDGE_PORT: String(bridgePort),
    ...more,
  });

  test.each<[string, string[], () => Record<string, string>, RegExp]>([
    [
      'a GRAFANA_HOME without Grafana',
      [],
      () => ({ GRAFANA_HOME: folder }),
      /^GRAFANA_HOME is .*bin\/grafana/,
    ],
    ['a HOST_PORT that is none', [], () => ({ HOST_PORT: 'abc' }), /^HOST_PORT is abc; .*65535/],
    ['a BRIDGE_PORT that is none', [], () => ({ BRIDGE_PORT: '0' }), /^BRIDGE_PORT is 0; .*65535/],
    ['--docker without Docker', ['--docker'], () => ({ PATH: folder }), /^--docker needs Docker/],
    ['an unknown option', ['--kubernetes'], () => ({}), /^--kubernetes: unknown option/],
  ])('%s: code 2 and a sentence before anything is started', async (_, args, more, sentence) => {
    const environment = environmentOf(await freePort(), more());
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      env: environment,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'store'))).toBe(false);
  });

  test('no free port for the page', async () => {
    const servers = await twentyServers();
    try {
      const environment = environmentOf(await freePort(), { HOST_PORT: String(servers.first) });
      // In a process of its own while this one keeps listening.
      const run = spawn(process.execPath, [script], {
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 20_000,
      });
      let said = '';
      run.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      expect(await once(run, 'close')).toEqual([2, null]);
      expect(said.trim()).toBe(
        `No port from ${servers.first} to ${servers.first + 19} is free for the page; set HOST_PORT to another one`,
      );
    } finally {
      servers.close();
    }
  });

  test('a bridge that wants a token: its sentence, and the bridge is ended', async () => {
    const tokens = join(folder, 'tokens.yaml');
    writeFileSync(tokens, `tokens: [{ name: one, sha256: ${'a'.repeat(64)}, scopes: [read] }]\n`);
    const bridgePort = await freePort();
    const { status, stderr } = spawnSync(process.execPath, [script, '--host-page'], {
      env: environmentOf(bridgePort, { BRIDGE_TOKENS_FILE: tokens }),
      encoding: 'utf8',
      timeout: 100_000,
    });
    expect(stderr).toMatch(/Send a token.*STREAMKPI_BRIDGE_TOKEN/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(1);
    await expect(fetch(`http://127.0.0.1:${bridgePort}/healthz`)).rejects.toThrow('fetch failed');
  });
});

/** Servers on all the ports that the page may take from `first` on. */
async function twentyServers(): Promise<{ first: number; close(): void }> {
  for (;;) {
    const first = await freePort();
    const servers: Server[] = [];
    const close = (): void => servers.forEach((server) => server.close());
    try {
      for (let port = first; port < first + 20; port += 1) {
        const server = createServer();
        servers.push(server);
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      }
      return { first, close };
    } catch {
      close();
    }
  }
}
