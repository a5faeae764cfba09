import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A wall clock that a test moves, for one process: libfaketime, which leaves the monotonic clock alone. */
export interface FakeClock {
  /** For the process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** From now on the process's clock is so many milliseconds ahead; negative: behind. Whole seconds. */
  ahead(ms: number): void;
  remove(): void;
}

function library(): string {
  const mac = process.platform === 'darwin';
  const folders = mac
    ? ['/opt/homebrew/lib/faketime', '/usr/local/lib/faketime']
    : ['/usr/lib', '/usr/lib64'].flatMap((folder) =>
        existsSync(folder) ? ['', ...readdirSync(folder)].map((each) => join(folder, each, 'faketime')) : [],
      );
  const name = mac ? 'libfaketime.1.dylib' : 'libfaketimeMT.so.1';
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error('libfaketime is missing; on Debian: apt-get install libfaketime');
  return found;
}

export function fakeClock(): FakeClock {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-clock-'));
  const file = join(folder, 'offset');
  const ahead = (ms: number): void => writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`);
  ahead(0);
  return {
    environment: {
      [process.platform === 'darwin' ? 'DYLD_INSERT_LIBRARIES' : 'LD_PRELOAD']: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    ahead,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
