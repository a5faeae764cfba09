/**
 * The Node releases that the bridge is tested on beside the one that runs the tests: fetched once, as the lock file in
 * tests/node-versions pins them. Prints `{release: path of its node}` as JSON.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './ensure.mjs';

const pinned = join(root, 'tests/node-versions');
const lock = readFileSync(join(pinned, 'package-lock.json'));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'streamkpi-node-versions');
const folder = join(cache, createHash('sha256').update(lock).digest('hex').slice(0, 16));

if (!existsSync(folder)) {
  console.error('Fetching Node 22 and 24 (npm ci) ...');
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(pinned, name), join(fresh, name));
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: fresh,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    rmSync(fresh, { recursive: true });
    console.error(`Node 22 and 24 could not be fetched${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
  try {
    renameSync(fresh, folder);
  } catch (failure) {
    // Another process was faster: what it fetched is the same.
    if (!existsSync(folder)) throw failure;
    rmSync(fresh, { recursive: true });
  }
}
const releases = [22, 24].map((release) => [
  release,
  join(folder, `node_modules/node-${release}-${process.platform}-${process.arch}/bin/node`),
]);
console.log(JSON.stringify(Object.fromEntries(releases)));
