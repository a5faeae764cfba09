/** Builds the data source's backend into dist/. Plain Node: it may run while packages are being installed. */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { root } from '../ensure.mjs';
import { GO_MISSING, ensureGo } from '../go.mjs';

export const dist = join(root, 'dist');

/** GOOS_GOARCH of the executables of a release: what `mage buildAll` builds. */
export const PLATFORMS = [
  'linux_amd64',
  'linux_arm64',
  'linux_arm',
  'darwin_amd64',
  'darwin_arm64',
  'windows_amd64',
];

/**
 * Builds the backend with the SDK's build package: for this machine, or with `all` for every platform.
 * Throws when Go is missing or refuses.
 */
export function buildBackend({ all = false } = {}) {
  const go = ensureGo();
  if (go === null) throw new Error(GO_MISSING);
  // The SDK calls `go` by its name, which a fetched one has on no PATH.
  const PATH = isAbsolute(go) ? [dirname(go), process.env.PATH].join(delimiter) : process.env.PATH;
  const run = spawnSync(go, ['run', './scripts/plugin/build-backend', ...(all ? ['all'] : [])], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH, GOFLAGS: `${process.env.GOFLAGS ?? ''} -trimpath`.trim() },
  });
  if (run.status !== 0) throw new Error('The backend could not be built');
}
