import { RequestError, type UnavailableError } from '../domain/errors';
import type { IngestResult } from '../domain/source';
import type { PendingEvent } from './enrichment';
import type { Profile } from './raw-event';
import type { TenantFilter } from './tenant-filter';

/** A queue of calls, bounded in events. Calls are never split, as each is counted completely or not at all. */

export type Item =
  | { readonly kind: 'event'; readonly index: number; readonly event: PendingEvent }
  | {
      readonly kind: 'profile';
      readonly index: number;
      readonly userId: string;
      readonly profile: Profile | null;
    };

/**
 * State of a call. `waiting`: nothing is counted. `committing`: its transaction is in progress. `committed`: all of it
 * is counted and survives the process.
 */
export type CallStage = 'waiting' | 'committing' | 'committed';

/** One call: all of its items go into one transaction, and it is answered exactly once. */
export class Call {
  readonly answer: Promise<IngestResult>;
  stage: CallStage = 'waiting';
  accepted = 0;
  settled = false;
  private resolve!: (result: IngestResult) => void;
  private reject!: (error: Error) => void;

  constructor(
    readonly items: readonly Item[],
    readonly rejected: { index: number; reason: string }[],
    readonly tenant: TenantFilter | null,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  succeed(): void {
    this.settled = true;
    this.rejected.sort((a, b) => a.index - b.index);
    this.resolve({ accepted: this.accepted, rejected: this.rejected });
  }

  fail(error: Error): void {
    this.settled = true;
    this.reject(error);
  }
}

export class IngestQueue {
  /** In order of arrival. */
  private readonly calls = new Set<Call>();
  private waiting = 0;

  constructor(private readonly maxItems: number) {}

  get empty(): boolean {
    return this.calls.size === 0;
  }

  /**
   * Adds a call. Throws RequestError: `payload_too_large` for a call that can never fit, `overloaded` when there is no
   * room now.
   */
  add(call: Call): void {
    const count = call.items.length;
    if (count > this.maxItems) {
      throw new RequestError('payload_too_large', `send at most ${this.maxItems} events in one call`, {
        limit: this.maxItems,
      });
    }
    if (this.waiting + count > this.maxItems) {
      throw new RequestError(
        'overloaded',
        `the pipeline has ${this.waiting} events waiting, at most ${this.maxItems} are allowed; none of these were counted, send them again later`,
        { waiting: this.waiting, limit: this.maxItems },
        true,
      );
    }
    this.waiting += count;
    this.calls.add(call);
  }

  /** The next calls in order of arrival, with at most `max` items in total, but always at least one. */
  take(max: number): Call[] {
    const taken: Call[] = [];
    let items = 0;
    for (const call of this.calls) {
      items += call.items.length;
      if (taken.length > 0 && items > max) break;
      taken.push(call);
      this.remove(call);
    }
    return taken;
  }

  /** Removes a waiting call. */
  remove(call: Call): void {
    if (this.calls.delete(call)) this.waiting -= call.items.length;
  }

  /** Rejects every waiting call; none of them is counted. */
  failAll(error: UnavailableError): void {
    for (const call of this.take(Number.POSITIVE_INFINITY)) call.fail(error);
  }
}
