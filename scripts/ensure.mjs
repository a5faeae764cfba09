/**
 * What every command needs before it can work: packages and a built bridge.
 * Plain Node without packages, because it runs before there are any.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the project, its output shown; ends this process with its code when it fails. */
function mustRun(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) {
    console.error(`${command} could not be started: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  console.error(`Node ${process.versions.node} is too old; install Node 22 or 24 (https://nodejs.org)`);
  process.exit(1);
}

/** Installs the packages when they are missing or older than the lock file. */
export function ensurePackages() {
  checkNode();
  const installed = `${root}node_modules/.package-lock.json`;
  const lock = `${root}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing packages (npm ci) ...');
  const npm = process.env.npm_execpath;
  // stdout of npm is shown on stderr, so that commands that print data stay clean.
  if (npm) mustRun(process.execPath, [npm, 'ci', '--no-fund', '--no-audit'], { stdio: ['inherit', 2, 2] });
  else mustRun('npm', ['ci', '--no-fund', '--no-audit'], { stdio: ['inherit', 2, 2] });
  console.log('Packages are installed.');
}

/** Bundles the bridge; a fraction of a second, so always. */
export function ensureBridge() {
  mustRun(process.execPath, ['backend-bridge/build.mjs']);
}

/** Runs a program of the project until it ends, passing signals on; ends this process with its code. */
export function runForeground(file, args, env = {}) {
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  // npm passes SIGTERM to the shell it starts scripts with, and that one ends without passing it on.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
  return child;
}
