import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What npm says where somebody installs the packages for the first time: a warning there looks like a fault. */

const root = join(__dirname, '../..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamkpi-npm-'));
  mkdirSync(join(folder, 'backend-bridge'));
  for (const file of ['package.json', 'package-lock.json', '.npmrc', 'backend-bridge/package.json'])
    cpSync(join(root, file), join(folder, file));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Installs nothing: npm compares the lock file with what this Node and this npm take. */
function warnings(): string[] {
  const { stderr, status } = spawnSync('npm', ['ci', '--dry-run', '--offline', '--loglevel', 'warn'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stderr.split('\n').filter((line) => line.startsWith('npm warn'));
}

test('the installation has no warning', () => {
  expect(warnings()).toEqual([]);
});

test('every install script is answered, in words that an older npm passes over', () => {
  const { allowScripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const scripted = Object.entries(lock.packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript === true ? [path.split('node_modules/').at(-1)!] : [],
  );
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(scripted)].sort());
  // Nothing here needs one: the workflows install with --ignore-scripts.
  expect(Object.values(allowScripts)).not.toContain(true);
});
