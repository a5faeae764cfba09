import { RequestError, type UnavailableError } from '../domain/errors';
import type { IngestResult } from '../domain/source';
import type { PendingEvent } from './enrichment';
import type { Profile } from './raw-event';
import type { TenantFilter } from './tenant-filter';

/** Calls waiting to be counted, bounded in events. A call is counted whole or not at all, so none is ever split. */

export type Item =
  | { readonly kind: 'event'; readonly index: number; readonly event: PendingEvent }
  | {
      readonly kind: 'profile';
      readonly index: number;
      readonly userId: string;
      readonly profile: Profile | null;
    };

/**
 * Where a call is. `waiting`: nothing of it is counted. `committing`: its transaction is under way.
 * `committed`: all of it is counted, and survives the end of this process.
 */
export type CallStage = 'waiting' | 'committing' | 'committed';

/** One caller: all of its items go into one transaction, and it is answered exactly once. */
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

  /** Throws RequestError: `payload_too_large` for a call that could never fit, `overloaded` when there is no room now. */
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
        `the pipeline has ${this.waiting} events waiting and takes at most ${this.maxItems}; none of these were counted, send them again later`,
        { waiting: this.waiting, limit: this.maxItems },
        true,
      );
    }
    this.waiting += count;
    this.calls.add(call);
  }

  /** The next calls, in order of arrival: as many as have at most `max` items together, and always one. */
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

  /** Takes out a waiting call. */
  remove(call: Call): void {
    if (this.calls.delete(call)) this.waiting -= call.items.length;
  }

  /** Refuses every waiting call; nothing of them is counted. */
  failAll(error: UnavailableError): void {
    for (const call of this.take(Number.POSITIVE_INFINITY)) call.fail(error);
  }
}
