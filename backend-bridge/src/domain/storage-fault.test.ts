import { commitFailure, storageRemedy } from './storage-fault';

describe('failures of a disk say what to do', () => {
  test.each([
    ['MDB_CORRUPTED: Located page was wrong type', /damaged: put a copy of the folder back/],
    ['ENOSPC: no space left on device, mkdir', /full: free space/],
    ['Disk quota exceeded', /full: free space/],
    ["EROFS: read-only file system, unlink 'bridge.sock'", /mounted read-only/],
    ['Permission denied', /belong to the bridge's user \(chown -R\)/],
    ['ENOTDIR: not a directory, mkdir', /make STORE_PATH a folder/],
  ])('%s', (reason, says) => {
    expect(storageRemedy(reason)).toMatch(says);
  });
});

describe('the reason of a failed commit', () => {
  it('is that of the promise beside the error, which is thereby caught', async () => {
    const full = new Error('No space left on device');
    const error = Object.assign(new Error('Commit failed (see commitError for details)'), {
      commitError: Promise.reject(full),
    });
    expect(await commitFailure(error)).toBe(full);
  });

  it('is the error itself where there is no other, or none comes', async () => {
    const error = new Error('a fault');
    expect(await commitFailure(error)).toBe(error);
    const silent = Object.assign(new Error('Commit failed'), { commitError: new Promise(() => undefined) });
    expect(await commitFailure(silent)).toBe(silent);
  });
});
