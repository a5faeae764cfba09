/** Files that scripts make and that are kept in the repository. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';

/**
 * Writes a generated file. When the script was called with `--check` it only compares, and lets the script end with 1
 * when the file is not what it would write.
 *
 * @param message printed when the file differs
 */
export function writeOrCheck(file, text, message) {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(message);
    process.exitCode = 1;
  }
}
