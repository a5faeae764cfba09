import { createHash } from 'node:crypto';
import { closeSync, openSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartRefusedError } from '../domain/errors';
import { storageRefusal } from '../domain/storage-fault';

/**
 * Locks a folder for one process. The lock is a socket in the folder on which the holder listens: it is released
 * however the process ends, and works between containers that share a volume, where process ids are meaningless.
 */
export interface ExclusiveLock {
  release(): Promise<void>;
}

const NAME = 'bridge.sock';
/** Socket paths are limited to 104 bytes on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 100;

/** Rejects with StartRefusedError when another process holds the folder. */
export async function lockFolder(folder: string): Promise<ExclusiveLock> {
  const address = socketAddress(folder);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const server = await listen(address.path);
    if (server !== 'in use') {
      return {
        release: () =>
          new Promise((resolve) => {
            server.close(() => {
              address.release();
              resolve();
            });
          }),
      };
    }
    if (await answers(address.path)) break;
    // Left behind by a killed process.
    try {
      rmSync(address.path, { force: true });
    } catch (error) {
      throw unlockable(address.path, error);
    }
  }
  address.release();
  throw new StartRefusedError(
    `Another bridge uses the store in ${folder}; stop it, give this one another STORE_PATH, or set REDIS_URL, which several bridges can share`,
  );
}

function socketAddress(folder: string): { path: string; release: () => void } {
  const real = realpathSync(folder);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 32);
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\streamkpi-${hash}`, release: () => {} };
  const plain = join(real, NAME);
  if (Buffer.byteLength(plain) <= MAX_SOCKET_PATH) return { path: plain, release: () => {} };
  if (process.platform === 'linux') {
    // A short alias for a long path, valid while the folder is open.
    const descriptor = openSync(real, 'r');
    return { path: `/proc/self/fd/${descriptor}/${NAME}`, release: () => closeSync(descriptor) };
  }
  return { path: join(tmpdir(), `streamkpi-${hash}.sock`), release: () => {} };
}

function listen(path: string): Promise<Server | 'in use'> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('in use');
      else reject(unlockable(path, error));
    });
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Of a bridge that another user ran.
      if (error.code === 'EACCES') reject(unlockable(path, error));
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

const unlockable = (path: string, error: unknown): StartRefusedError =>
  storageRefusal(`The store cannot be locked with ${path}`, error);
