/** Builds the app into dist/: the bundles and the data source's backend. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import webpack from 'webpack';
import config from '../../webpack.config.mjs';
import { root } from '../ensure.mjs';
import { GO_MISSING, ensureGo, findGo } from '../go.mjs';
import { BUNDLED_PACKAGES } from './host-modules.mjs';

export const dist = join(root, 'dist');

/** [GOOS, GOARCH], as Grafana names the executables. */
export const PLATFORMS = [
  ['linux', 'amd64'],
  ['linux', 'arm64'],
  ['linux', 'arm'],
  ['darwin', 'amd64'],
  ['darwin', 'arm64'],
  ['windows', 'amd64'],
];

/** Names of the packages whose code a build has taken in. */
function bundledPackages(stats) {
  const names = new Set();
  for (const module of stats.compilation.modules) {
    const parts = (module.resource ?? '').replaceAll('\\', '/').split('/node_modules/');
    if (parts.length > 1) names.add(/^(@[^/]+\/)?[^/]+/.exec(parts.at(-1))[0]);
  }
  return [...names];
}

/** Resolves when the bundles are written; rejects with what is wrong in them. */
export function buildFrontend({ production = true } = {}) {
  return new Promise((resolve, reject) => {
    webpack(config({ production })).run((error, stats) => {
      if (error) return reject(error);
      if (stats.hasErrors() || stats.hasWarnings())
        return reject(new Error(stats.toString('errors-warnings')));
      const strangers = bundledPackages(stats).filter((name) => !BUNDLED_PACKAGES.includes(name));
      if (strangers.length > 0) {
        return reject(
          new Error(
            `the bundles would carry ${strangers.join(', ')}; take it from the host (scripts/plugin/host-modules.mjs), or list it there as bundled once it is known to work on the oldest host`,
          ),
        );
      }
      resolve();
    });
  });
}

/** This machine's platform as [GOOS, GOARCH]. */
function ownPlatform(go) {
  const asked = spawnSync(go, ['env', 'GOHOSTOS', 'GOHOSTARCH'], { encoding: 'utf8' });
  return asked.stdout.trim().split(/\s+/);
}

/** Which sources the backend is built from, as the catalogue's validator compares them with the repository. */
function writeSourceManifest() {
  const sources = readdirSync(join(root, 'pkg'), { recursive: true })
    .map((file) => `pkg/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.go'))
    .sort();
  const lines = sources.map((file) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    return `${hash}:${file}\n`;
  });
  writeFileSync(join(dist, 'datasource/go_plugin_build_manifest'), lines.join(''));
}

/** Builds the backend for the platforms given, this machine's by default. Throws when Go is missing or refuses. */
export function buildBackend(platforms) {
  const go = ensureGo();
  if (go === null) throw new Error(GO_MISSING);
  mkdirSync(join(dist, 'datasource'), { recursive: true });
  for (const [os, arch] of platforms ?? [ownPlatform(go)]) {
    const name = `gpx_streamkpi_${os}_${arch}${os === 'windows' ? '.exe' : ''}`;
    const run = spawnSync(
      go,
      ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(dist, 'datasource', name), './pkg'],
      {
        cwd: root,
        stdio: ['ignore', 2, 2],
        env: { ...process.env, CGO_ENABLED: '0', GOOS: os, GOARCH: arch },
      },
    );
    if (run.status !== 0) throw new Error(`go build for ${os}/${arch} failed`);
  }
  writeSourceManifest();
}

/** The backend for this machine in dist/; null where it is not built or Go is missing. */
export function builtBackend() {
  const go = findGo();
  if (go === null) return null;
  const [os, arch] = ownPlatform(go);
  const file = join(dist, 'datasource', `gpx_streamkpi_${os}_${arch}${os === 'windows' ? '.exe' : ''}`);
  return existsSync(file) ? file : null;
}
