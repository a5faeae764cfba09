import { UnavailableError } from '../domain/errors';

/** A change of the store, run inside a transaction shared with others. */
export interface Change<T> {
  /** Runs within the transaction. A throw rolls back the whole transaction. */
  run(): T;
  /** Called after the commit, before the caller is notified; must not throw. */
  committed?(result: T): void;
}

interface Waiting {
  readonly run: () => void;
  readonly committed: () => void;
  readonly failed: (error: UnavailableError) => void;
}

export interface Transactions {
  /** Runs everything in one transaction; resolves when committed, rejects when rolled back. */
  commit(work: () => void): Promise<void>;
  /** Discards what a failed transaction left in memory. */
  undo(): void;
}

/** Changes that arrive in one turn of the event loop, or during a commit, share a transaction of at most this many. */
const CHANGES_PER_TRANSACTION = 8;
const MAX_WAITING = 2_048;

/** Queue of changes in order of arrival, one transaction at a time. When full, changes are rejected as unavailable. */
export class WriteQueue {
  private waiting: Waiting[] = [];
  private busy: Promise<void> | null = null;
  private closed = false;
  /** True when the in-memory effects of a failed transaction are not yet discarded. */
  private undoDue = false;
  /** Error of the last transaction; null when it succeeded. */
  failure: UnavailableError | null = null;

  constructor(private readonly transactions: Transactions) {}

  add<T>(change: Change<T>): Promise<T> {
    if (this.closed) return Promise.reject(new UnavailableError('store', 'The embedded store is closed'));
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new UnavailableError(
          'store',
          `The embedded store is behind: ${MAX_WAITING} changes are waiting for the disk`,
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.waiting.push({
        run: () => {
          result = change.run();
        },
        committed: () => {
          change.committed?.(result);
          resolve(result);
        },
        failed: reject,
      });
      this.busy ??= this.work();
    });
  }

  /** Rejects new changes, and resolves when all queued ones are done. */
  async close(): Promise<void> {
    this.closed = true;
    await this.busy;
  }

  private async work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.commit(this.waiting.splice(0, CHANGES_PER_TRANSACTION));
    // In the same turn as the check of `waiting`: a change that arrives later must find no worker.
    this.busy = null;
  }

  private async commit(changes: readonly Waiting[]): Promise<void> {
    try {
      this.undoFailed();
      await this.transactions.commit(() => {
        for (const change of changes) change.run();
      });
      this.failure = null;
    } catch (error) {
      this.failure = unavailable(error);
      this.undoDue = true;
      try {
        this.undoFailed();
      } catch {
        // Retried before the next transaction.
      }
      for (const change of changes) change.failed(this.failure);
      return;
    }
    for (const change of changes) change.committed();
  }

  private undoFailed(): void {
    if (!this.undoDue) return;
    this.transactions.undo();
    this.undoDue = false;
  }
}

function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new UnavailableError(
    'store',
    `The embedded store could not write: ${why}. Check the disk of STORE_PATH`,
    {
      cause: error,
    },
  );
}
