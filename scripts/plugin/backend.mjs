/** Builds the data source's backend into dist/. Plain Node: it may run while packages are being installed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure.mjs';
import { GO_MISSING, ensureGo } from '../go.mjs';

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
