/** A Grafana that is at hand: found, and started with the built app and the provisioning of this project. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root } from '../ensure.mjs';

/** Each by its own id: a nested plugin inherits that the app is unsigned, not that it is allowed. */
const PLUGINS = ['streamkpi-realtime-app', 'streamkpi-realtime-datasource', 'streamkpi-kpi-panel'];

const isHome = (folder) =>
  existsSync(join(folder, 'conf/defaults.ini')) && existsSync(join(folder, 'public'));

/** `grafana server` since 9.4, `grafana-server` before. */
function programIn(folder) {
  const program = join(folder, 'grafana');
  if (existsSync(program)) return [program, 'server'];
  const older = join(folder, 'grafana-server');
  return existsSync(older) ? [older] : null;
}

/**
 * { command, home } of a Grafana to use, or null. GRAFANA_HOME wins; then `grafana` on the PATH, where its home can be
 * told. Throws when GRAFANA_HOME is set and holds none.
 */
export function findGrafana(environment = process.env) {
  const named = environment.GRAFANA_HOME;
  if (named) {
    const command = programIn(join(named, 'bin'));
    if (command === null || !isHome(named)) {
      throw new Error(
        `GRAFANA_HOME is ${named}, but there is no bin/grafana with conf/ and public/ beside it`,
      );
    }
    return { command, home: named };
  }
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    const command = folder === '' ? null : programIn(folder);
    if (command === null) continue;
    const beside = dirname(dirname(realpathSync(command[0])));
    const home = [beside, '/usr/share/grafana', join(beside, 'share/grafana')].find(isHome);
    if (home !== undefined) return { command, home };
  }
  return null;
}

export const hasDocker = (environment = process.env) =>
  spawnSync('docker', ['compose', 'version'], { stdio: 'ignore', timeout: 20_000, env: environment })
    .status === 0;

/**
 * What Grafana is started with: `{ command, args, env }`. Its own data lies below `data`; `app` is the built app;
 * with `isWatched`, browsers ask for the app's files at every reload.
 */
export function grafanaStart(
  { command, home },
  { port, bridgeUrl, data, app = join(root, 'dist'), isWatched = false },
) {
  const plugins = join(data, 'plugins');
  mkdirSync(plugins, { recursive: true });
  const link = join(plugins, PLUGINS[0]);
  rmSync(link, { recursive: true, force: true });
  symlinkSync(app, link);
  const [program, ...first] = command;
  return {
    command: program,
    args: [...first, '--homepath', home],
    env: {
      GF_PATHS_DATA: data,
      GF_PATHS_LOGS: join(data, 'log'),
      GF_PATHS_PLUGINS: plugins,
      GF_PATHS_PROVISIONING: join(root, 'provisioning'),
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_SERVER_HTTP_PORT: String(port),
      GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS: PLUGINS.join(','),
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: 'true',
      // It is opened without a login; who wants to change something signs in.
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_LOG_LEVEL: 'error',
      ...(isWatched && { GF_DEFAULT_APP_MODE: 'development' }),
      STREAMKPI_BRIDGE_URL: bridgeUrl,
      STREAMKPI_BRIDGE_TOKEN: process.env.STREAMKPI_BRIDGE_TOKEN ?? '',
    },
  };
}
