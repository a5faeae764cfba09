/** Programs that run beside each other until one signal ends them all. */
import { spawn } from 'node:child_process';
import { root } from '../ensure.mjs';

const running = new Set();
let ending;
// However this process ends.
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/** Resolves with its code when the child has ended. */
export function start(command, args, { env = {}, stdio = 'inherit' } = {}) {
  const child = spawn(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
  running.add(child);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  }).finally(() => running.delete(child));
  return { child, ended };
}

export const node = (file, args = [], options = {}) =>
  start(process.execPath, ['--enable-source-maps', file, ...args], options);

/** Ends everything, waits for it, then this process with `code`. */
export function endAll(code) {
  ending ??= (async () => {
    for (const child of running) child.kill('SIGTERM');
    const gone = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    const patience = setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), 10_000);
    await Promise.all(gone);
    clearTimeout(patience);
    process.exit(code);
  })();
  return ending;
}

export const isEnding = () => ending !== undefined;

/** Ctrl-C, a service manager's SIGTERM, and npm that went without passing it on. */
export function endOnSignals() {
  process.on('SIGINT', () => void endAll(130));
  process.on('SIGTERM', () => void endAll(0));
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && endAll(0), 500).unref();
}
