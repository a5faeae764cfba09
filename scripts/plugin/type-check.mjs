/** Type-checks the app after each change, beside the build. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { root } from '../ensure.mjs';

/** Runs until this process ends, at a low priority: a page that reloads meanwhile comes first. */
export function watchTypes() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const watch = [tsc, '--watch', '--preserveWatchOutput', '--noEmit', '-p', join(root, 'src/tsconfig.json')];
  const checker = spawn(process.execPath, watch, { stdio: ['ignore', 'inherit', 'inherit'] });
  setPriority(checker.pid, constants.priority.PRIORITY_LOW);
  process.on('exit', () => checker.kill());
}
