import { RequestError } from './errors';

export interface FairGateOptions {
  /** Most concurrent pieces of work. */
  readonly places: number;
  /** Most waiting requests; absent: unlimited. */
  readonly waiting?: number;
  /** Wait timeout; absent: waits until its signal aborts. */
  readonly maxWaitMs?: number;
  /** Name of the setting for `places`, for error messages. */
  readonly setting: string;
}

/** The share of a limit for a holder that has `held` of `total` used: half of what the others leave. */
export function fairShare(limit: number, total: number, held: number): number {
  return (limit - (total - held)) / 2;
}

interface Waiter {
  readonly admit: () => void;
}

/** Releases the place; further calls do nothing. */
export type Leave = () => void;

/**
 * Limits concurrent work fairly. A holder gets at most half of what the others leave, so that one holder never blocks
 * the next; waiting holders are served round robin.
 */
export class FairGate {
  private total = 0;
  private waitingTotal = 0;
  private readonly running = new Map<string, number>();
  /** Waiting requests by holder, in round robin order. */
  private readonly queues = new Map<string, Waiter[]>();

  constructor(private readonly options: FairGateOptions) {}

  /**
   * Resolves when there is a place. Rejects with `rate_limited` when the holder has used its share, with `overloaded`
   * when the queue is full or the wait timed out, and with the signal's reason.
   */
  async enter(holder: string, signal?: AbortSignal): Promise<Leave> {
    signal?.throwIfAborted();
    if (this.mayRun(holder)) this.take(holder);
    else await this.wait(holder, signal);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.leave(holder);
    };
  }

  /** Runs work in a place. Rejects like `enter` and the work. */
  async run<T>(holder: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const leave = await this.enter(holder, signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  private mayRun(holder: string): boolean {
    return this.total < this.options.places && hasShare(this.options.places, this.total, this.held(holder));
  }

  private held(holder: string): number {
    return this.running.get(holder) ?? 0;
  }

  private take(holder: string): void {
    this.total += 1;
    this.running.set(holder, this.held(holder) + 1);
  }

  private leave(holder: string): void {
    this.total -= 1;
    const held = this.held(holder) - 1;
    if (held === 0) this.running.delete(holder);
    else this.running.set(holder, held);
    this.admitNext();
  }

  private admitNext(): void {
    for (const [holder, queue] of this.queues) {
      if (this.total >= this.options.places) return;
      if (!this.mayRun(holder)) continue;
      const [next] = queue as [Waiter];
      this.take(holder);
      this.drop(holder, next);
      // Its next request waits for the other holders' turns.
      if (this.queues.delete(holder) && queue.length > 0) this.queues.set(holder, queue);
      next.admit();
    }
  }

  private drop(holder: string, waiter: Waiter): void {
    const queue = this.queues.get(holder)!;
    queue.splice(queue.indexOf(waiter), 1);
    if (queue.length === 0) this.queues.delete(holder);
    this.waitingTotal -= 1;
  }

  private async wait(holder: string, signal: AbortSignal | undefined): Promise<void> {
    const { waiting = Number.POSITIVE_INFINITY, maxWaitMs, setting } = this.options;
    const queue = this.queues.get(holder) ?? [];
    if (this.waitingTotal >= waiting) throw overloaded(setting);
    if (!hasShare(waiting, this.waitingTotal, queue.length)) {
      throw new RequestError(
        'rate_limited',
        `Too many requests at once by one client; wait for answers, or raise ${setting}`,
        { setting },
        true,
      );
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        admit: () => {
          stop();
          resolve();
        },
      };
      const onAbort = (): void => {
        stop();
        this.drop(holder, waiter);
        reject(signal!.reason as Error);
      };
      const timer =
        maxWaitMs === undefined
          ? undefined
          : setTimeout(() => {
              stop();
              this.drop(holder, waiter);
              reject(overloaded(setting));
            }, maxWaitMs);
      signal?.addEventListener('abort', onAbort);
      queue.push(waiter);
      this.queues.set(holder, queue);
      this.waitingTotal += 1;
    });
  }
}

/** Whether a holder of `held` out of `total` taken may take one more. */
function hasShare(limit: number, total: number, held: number): boolean {
  return held < Math.max(1, Math.ceil(fairShare(limit, total, held)));
}

function overloaded(setting: string): RequestError {
  return new RequestError(
    'overloaded',
    `The bridge has too much to do; try again in a moment, or raise ${setting}`,
    { setting },
    true,
  );
}
