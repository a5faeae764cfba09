import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { StartRefusedError, UnavailableError } from '../domain/errors';
import { commitFailure, storageRefusal } from '../domain/storage-fault';

/**
 * The LMDB environment:
 * - meta: layout, epoch, owner, closed (the file's inode, after an orderly end), running (the machine's boot and the
 *   inode), clock -> PersistedTime, nextMetric, `metric:<name>` -> MetricRecord, `state:<id>` -> StateRecord
 * - series: [metric u16][series u32] -> when its newest bucket expires (f64) and its series key (utf8)
 * - points: fixed windows [metric u16][bucket u48][series u32] -> the bucket's slots side by side;
 *   sessions [metric u16][bucket u48][series u32][start u48] -> one slot
 * - steps, only with metrics that have a history: [metric u16][windows in a step u16][block u48][series u32] -> a block
 *   of steps (domain/history/packed-steps.ts); its record is in meta, `history:<id>` -> HistoryRecord Numbers in keys
 * are big-endian, so that all series of a window are adjacent and the oldest is first.
 */
export interface Environment {
  readonly root: RootDatabase;
  readonly meta: Database<unknown, string>;
  readonly series: Database<Uint8Array, Uint8Array>;
  readonly points: Database<Uint8Array, Uint8Array>;
  /** Null when no metric has or had a history. */
  steps: Database<Uint8Array, Uint8Array> | null;
  readonly epoch: string;
  /** For a metric with a history that comes later; outside of a transaction. */
  openSteps(): void;
  /** Runs `work` in one transaction; resolves when committed, rejects when rolled back. */
  transaction(work: () => void): Promise<void>;
  /** Throws UnavailableError when another process has taken over the folder; within a transaction. */
  checkOwner(): void;
  /** Throws UnavailableError when the folder was deleted or replaced while open. */
  checkFolder(): void;
  close(): Promise<void>;
}

/** Incremented with every layout change; a store of another version is refused. */
const LAYOUT_VERSION = 1;

const DATA_FILE = 'data.mdb';
/** In the first page of every LMDB file. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;

/** Creates the folder if missing. Throws StartRefusedError. */
export function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Opens a folder locked by this process. Throws StartRefusedError.
 * @param bootId constant until the machine reboots; null when unknown
 * @param withSteps whether a metric has a history
 */
export function openEnvironment(path: string, bootId: string | null, withSteps: boolean): Environment {
  let root: RootDatabase;
  try {
    checkFile(join(path, DATA_FILE));
    // Without lmdb's batching, which creates promises that nobody can catch when a commit fails.
    root = open({
      path,
      noSubdir: false,
      maxDbs: 8,
      keyEncoding: 'ordered-binary',
      eventTurnBatching: false,
    });
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    return enter(root, path, bootId, withSteps);
  } catch (error) {
    void root.close();
    throw error instanceof StartRefusedError ? error : unusable(path, error);
  }
}

function enter(root: RootDatabase, path: string, bootId: string | null, withSteps: boolean): Environment {
  const meta = root.openDB<unknown, string>({ name: 'meta' });
  const layout = meta.get('layout') as number | undefined;
  if (layout !== undefined && layout !== LAYOUT_VERSION) {
    throw new StartRefusedError(
      `The store in ${path} was written by a newer bridge (layout version ${layout}, this one supports ` +
        `${LAYOUT_VERSION}); run that version or a later one`,
    );
  }
  const owner = randomUUID();
  const file = join(path, DATA_FILE);
  const inode = inodeOf(file);
  const running = bootId === null ? '' : `${bootId} ${inode}`;
  root.transactionSync(() => {
    if (layout === undefined) meta.putSync('layout', LAYOUT_VERSION);
    // A killed process loses no commits, which are in the page cache. A machine crash may have lost the last ones, and
    // another inode is a copy, perhaps an older one.
    const killed = running !== '' && meta.get('running') === running;
    if (meta.get('closed') !== inode && !killed) meta.putSync('epoch', randomUUID());
    meta.removeSync('closed');
    meta.putSync('running', running);
    meta.putSync('owner', owner);
  });
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const;
  const series = root.openDB<Uint8Array, Uint8Array>({ name: 'series', ...binary });
  const points = root.openDB<Uint8Array, Uint8Array>({ name: 'points', ...binary });
  const hadSteps = Array.from(meta.getKeys({ start: 'history:', end: 'history;', limit: 1 })).length > 0;
  const openSteps = () => root.openDB<Uint8Array, Uint8Array>({ name: 'steps', ...binary });
  return {
    root,
    meta,
    series,
    points,
    steps: withSteps || hadSteps ? openSteps() : null,
    openSteps() {
      this.steps ??= openSteps();
    },
    epoch: meta.get('epoch') as string,
    transaction: (work) => transaction(root, work),
    checkOwner() {
      if (meta.get('owner') !== owner) {
        throw new UnavailableError(
          'store',
          `Another bridge has taken over the store in ${path}; stop one of them`,
        );
      }
    },
    checkFolder() {
      if (inodeOf(file) !== inode) {
        throw new UnavailableError(
          'store',
          `The store's folder ${path} was deleted or replaced while the bridge ran; restart the bridge`,
        );
      }
    },
    async close() {
      try {
        root.transactionSync(() => {
          if (meta.get('owner') === owner) meta.putSync('closed', inode);
        });
      } catch {
        // Disk full: the next start treats it as a crash and begins a new epoch.
      }
      await root.close();
    },
  };
}

/** The inode; empty when the file does not exist. */
function inodeOf(file: string): string {
  return statSync(file, { throwIfNoEntry: false, bigint: true })?.ino.toString() ?? '';
}

async function transaction(root: RootDatabase, work: () => void): Promise<void> {
  try {
    // In a child transaction, so that a throw rolls back what was written before it.
    await root.childTransaction(work);
  } catch (error) {
    throw await commitFailure(error);
  }
}

/** Throws for a file that is not LMDB's, for which LMDB would abort the process. */
function checkFile(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return;
  const head = Buffer.alloc(MAGIC_AT + 4);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (head.readUInt32LE(MAGIC_AT) !== MAGIC) throw new Error(`${DATA_FILE} is not an LMDB file`);
}

const unusable = (path: string, error: unknown): StartRefusedError =>
  storageRefusal(`The store in ${path} cannot be opened`, error);
