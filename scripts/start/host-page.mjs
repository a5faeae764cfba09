/** The host page: its packages, and its server as one file, bundled like the bridge in a fraction of a second. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../ensure.mjs';

/** The Grafanas whose packages the page can be made of; the newest one first, and taken by default. */
export const HOST_GRAFANAS = ['13', '11'];

/**
 * Installs what an older Grafana shares with its plugins, where it is missing or older than its lock file. The newest
 * one's packages are the project's own. Throws when npm fails.
 */
export function ensureHostPackages(grafana) {
  if (grafana === HOST_GRAFANAS[0]) return;
  const folder = join(root, 'host', `grafana-${grafana}`);
  const installed = join(folder, 'node_modules/.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`Installing the packages of Grafana ${grafana} (npm ci in host/grafana-${grafana}) ...`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const run = spawnSync(command, [...args, 'ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (run.status !== 0) throw new Error(`npm ci in ${folder} failed`);
}

/** Modules here look for files beside themselves; in the bundle each keeps its own place. */
const places = {
  name: 'places',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const own = `const __filename = ${JSON.stringify(path)}, __dirname = ${JSON.stringify(dirname(path))};\n`;
      return { contents: own + readFileSync(path, 'utf8'), loader: 'ts' };
    });
  },
};

/** Bundles the server and gives the file to run. */
export async function buildHost() {
  const { build } = await import('esbuild');
  const outfile = join(root, 'node_modules/.cache/streamkpi-host/server.cjs');
  await build({
    entryPoints: [join(root, 'host/server/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    sourcemap: 'inline',
    plugins: [places],
    logLevel: 'warning',
  });
  return outfile;
}

// node scripts/start/host-page.mjs 11: the packages only, for the browser tests.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureHostPackages(process.argv[2]);
