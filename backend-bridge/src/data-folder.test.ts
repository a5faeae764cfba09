import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';
import { StartRefusedError, UnavailableError } from './domain/errors';
import { silentLog } from '../../tests/support/silent';

/** Damaged files: tests/integration/bridge/damaged-data.test.ts. */
describe('the folder of the embedded stores', () => {
  const base = mkdtempSync(join(tmpdir(), 'streamkpi-folder-'));
  const starts: string[] = [];
  const store = {
    start: async () => void starts.push('started'),
    subscribe: () => () => undefined,
    close: async () => undefined,
  };
  const around = (path: string, leastFreeBytes?: number) =>
    new DataFolder(path, ['series'], 'not built', silentLog, leastFreeBytes).around(store);
  beforeEach(() => void starts.splice(0));
  afterAll(() => rmSync(base, { recursive: true }));

  it('is not used while its disk is full, which may pass', async () => {
    const full = around(join(base, 'full'), Infinity);
    await expect(full.start()).rejects.toThrow(UnavailableError);
    await expect(full.start()).rejects.toThrow(/^The disk of .* is full: free space on it/);
    expect(starts).toEqual([]);
    await full.close();
    expect(existsSync(join(base, 'full', 'left.json'))).toBe(false);
  });

  it('is made when it is missing, and refused with what to do when it cannot be', async () => {
    const made = around(join(base, 'a', 'b'));
    await made.start();
    await made.close();
    expect(existsSync(join(base, 'a', 'b', 'left.json'))).toBe(true);
    writeFileSync(join(base, 'file'), '');
    await expect(around(join(base, 'file')).start()).rejects.toThrow(StartRefusedError);
    await expect(around(join(base, 'file')).start()).rejects.toThrow(/make STORE_PATH a folder/);
    expect(starts).toEqual(['started']);
  });
});
