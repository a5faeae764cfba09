import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartRefusedError, UnavailableError } from './domain/errors';
import { storageRefusal } from './domain/storage-fault';
import type { SeriesStore } from './domain/store';
import type { Log } from './domain/telemetry';

/** How a bridge that ended in order left its files; gone while one runs. */
const LEFT = 'left.json';
/** LMDB maps its files: to touch a page for which there is no room ends the process. */
const LEAST_FREE_BYTES = 4_194_304;
/** How long a file is read at most: a start after a crash must not wait for all of a large one. */
const CHECK_MS = 10_000;
const DATA_FILE = 'data.mdb';
/** Exit code of data-check.js. */
const SAID_DAMAGED = 3;
const CRASHES: readonly NodeJS.Signals[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'];

type StartedStore = Pick<SeriesStore, 'start' | 'subscribe' | 'close'>;

/**
 * The folder of what the bridge keeps on its own disk (STORE_PATH). Looked at before LMDB opens a file in it, which
 * would end the process without a word where the disk is full or the file is damaged.
 */
export class DataFolder {
  private isRead = false;
  private started = false;

  /**
   * @param parts the folders in it that hold an LMDB file
   * @param checkFile the built data-check.js
   */
  constructor(
    private readonly path: string,
    private readonly parts: readonly string[],
    private readonly checkFile: string,
    private readonly log: Log,
    private readonly leastFreeBytes = LEAST_FREE_BYTES,
  ) {}

  /** The store, which starts once the folder can be used. */
  around(store: StartedStore): StartedStore {
    return {
      start: async () => {
        await this.open();
        await store.start();
        this.started = true;
      },
      subscribe: (listener) => store.subscribe(listener),
      close: async () => {
        await store.close();
        // Where the start was refused, the folder may be that of another bridge.
        if (this.started) writeFileSync(join(this.path, LEFT), this.found());
      },
    };
  }

  /**
   * Looks at the data before the bridge listens: clients that come back after a crash would find a store that has not
   * started. On a full disk that waits until the start. Rejects with StartRefusedError for what cannot be used.
   */
  check(): Promise<void> {
    return this.usable(async () => {
      if (existsSync(this.path) && !this.isFull()) await this.readThrough();
    });
  }

  /** Rejects with UnavailableError while the disk is full, with StartRefusedError for a folder that cannot be used. */
  private open(): Promise<void> {
    return this.usable(async () => {
      mkdirSync(this.path, { recursive: true });
      if (this.isFull()) {
        throw new UnavailableError(
          'store',
          `The disk of ${this.path} is full: free space on it, or make it larger; the bridge then starts by itself`,
        );
      }
      await this.readThrough();
      rmSync(join(this.path, LEFT), { force: true });
    });
  }

  /** Once, and only what no bridge has left in order. */
  private async readThrough(): Promise<void> {
    this.checkAccess();
    if (this.isRead) return;
    if (textOf(join(this.path, LEFT)) !== this.found()) {
      for (const part of this.parts) await this.checkData(join(this.path, part));
    }
    this.isRead = true;
  }

  private async usable(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof StartRefusedError || error instanceof UnavailableError) throw error;
      throw storageRefusal(`The folder ${this.path} cannot be used`, error);
    }
  }

  /** The files as they are now. */
  private found(): string {
    const states = this.parts.map((part) => {
      const file = statSync(join(this.path, part, DATA_FILE), { throwIfNoEntry: false, bigint: true });
      return [part, file === undefined ? null : `${file.size} ${file.mtimeNs}`];
    });
    return JSON.stringify(Object.fromEntries(states));
  }

  /** A lock file that it may not write ends a process that opens the other one. */
  private checkAccess(): void {
    const files = this.parts.flatMap((part) => ['', DATA_FILE, 'lock.mdb'].map((name) => join(part, name)));
    for (const file of ['', ...files].map((name) => join(this.path, name))) {
      if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    }
  }

  private isFull(): boolean {
    const { bavail, bsize, blocks } = statfsSync(this.path);
    // Some file systems do not count.
    return blocks > 0 && bavail * bsize < this.leastFreeBytes;
  }

  /** Rejects with StartRefusedError where the file cannot be read to its end. */
  private async checkData(folder: string): Promise<void> {
    if ((statSync(join(folder, DATA_FILE), { throwIfNoEntry: false })?.size ?? 0) === 0) return;
    const began = performance.now();
    const fault = await this.readAll(folder);
    this.log.info(
      { folder, ms: Math.round(performance.now() - began) },
      'the data are not as a bridge left them in order: they were read through',
    );
    if (fault === null) return;
    throw new StartRefusedError(
      `The data in ${folder} are damaged (reading them ends with ${fault}): put a copy of the folder back, or move it ` +
        'away to begin with an empty one, which is filled from the source',
    );
  }

  /** How reading the file ends; null: as it should, or for another reason than damage. */
  private readAll(folder: string): Promise<string | null> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [this.checkFile, folder], { stdio: 'ignore', timeout: CHECK_MS });
      child.once('error', () => resolve(null));
      child.once('exit', (code, signal) => {
        if (code === SAID_DAMAGED) resolve('an error of LMDB');
        else resolve(signal !== null && CRASHES.includes(signal) ? signal : null);
      });
    });
  }
}

/** Null when there is no such file. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
