import { UnavailableError } from '../domain/errors';

/** One change of the store, done inside a transaction together with others. */
export interface Change<T> {
  /** Within the transaction. A throw undoes the whole transaction. */
  run(): T;
  /** After the commit, before the caller hears of it; must not throw. */
  committed?(result: T): void;
}

interface Waiting {
  readonly run: () => void;
  readonly committed: () => void;
  readonly failed: (error: UnavailableError) => void;
}

export interface Transactions {
  /** Runs everything in one transaction and resolves when it is committed; rejects when nothing of it was. */
  commit(work: () => void): Promise<void>;
  /** Forget what a failed transaction left in memory. */
  undo(): void;
}

/** What arrives in one turn of the event loop, and what comes while a transaction commits, shares a transaction. */
const CHANGES_PER_TRANSACTION = 8;
const MAX_WAITING = 2_048;

/** Changes in order of arrival, one transaction at a time. Past its bound a change is refused as unavailable. */
export class WriteQueue {
  private waiting: Waiting[] = [];
  private busy: Promise<void> | null = null;
  private closed = false;
  /** A transaction failed, and what it left in memory is still there. */
  private undoDue = false;
  /** Why the last transaction failed; null when it did not. */
  failure: UnavailableError | null = null;

  constructor(private readonly transactions: Transactions) {}

  add<T>(change: Change<T>): Promise<T> {
    if (this.closed) return Promise.reject(new UnavailableError('store', 'The embedded store is closed'));
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new UnavailableError(
          'store',
          `The embedded store is behind: ${MAX_WAITING} changes wait for the disk`,
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

  /** Refuses what comes from now on, and resolves when what came before is done. */
  async close(): Promise<void> {
    this.closed = true;
    await this.busy;
  }

  private async work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.commit(this.waiting.splice(0, CHANGES_PER_TRANSACTION));
    // In the same step as the look at `waiting`: a change that arrives a moment later must find no worker.
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
        // Tried again before the next transaction.
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
    `The embedded store could not write: ${why}. Look at the disk of STORE_PATH`,
    {
      cause: error,
    },
  );
}
