import { RequestError, UnavailableError } from '../domain/errors';
import type { IngestResult } from '../domain/source';
import type { Profile, RawEvent } from './raw-event';

/** Calls waiting to be counted, bounded in events, taken in batches that merge small calls and split large ones. */

export type Item =
  | { readonly kind: 'event'; readonly index: number; readonly event: RawEvent }
  | { readonly kind: 'profile'; readonly userId: string; readonly profile: Profile | null };

/** One caller. It is answered when its last item is safe. */
export class Call {
  readonly answer: Promise<IngestResult>;
  /** Items not yet in a batch begin here. */
  taken = 0;
  accepted = 0;
  settled = false;
  private resolve!: (result: IngestResult) => void;
  private reject!: (error: Error) => void;

  constructor(
    readonly items: readonly Item[],
    readonly rejected: { index: number; reason: string }[],
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get allTaken(): boolean {
    return this.taken === this.items.length;
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

export interface Taken {
  readonly call: Call;
  readonly item: Item;
}

export class IngestQueue {
  private readonly calls: Call[] = [];
  private waiting = 0;

  constructor(private readonly maxItems: number) {}

  get empty(): boolean {
    return this.calls.length === 0;
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
    this.calls.push(call);
  }

  /** Calls of which a part was in an earlier batch. */
  begun(): ReadonlySet<Call> {
    return new Set(this.calls.filter(({ taken }) => taken > 0));
  }

  /** The next items, in order of arrival. Calls that were given up in the meantime are passed over. */
  take(max: number): Taken[] {
    const taken: Taken[] = [];
    while (taken.length < max && this.calls.length > 0) {
      const call = this.calls[0]!;
      const until = call.settled
        ? call.items.length
        : Math.min(call.items.length, call.taken + max - taken.length);
      this.waiting -= until - call.taken;
      if (!call.settled) {
        for (let i = call.taken; i < until; i += 1) taken.push({ call, item: call.items[i]! });
      }
      call.taken = until;
      if (call.allTaken) this.calls.shift();
    }
    return taken;
  }

  /** Gives every waiting call up. A call of which a part is counted already says so. */
  failAll(error: UnavailableError): void {
    for (const call of this.calls.splice(0)) {
      if (call.settled) continue;
      call.fail(call.taken === 0 ? error : partlyCounted(error));
    }
    this.waiting = 0;
  }
}

/** For callers whose events are kept, though the store does not have them yet. */
export function partlyCounted(cause: UnavailableError): UnavailableError {
  return new UnavailableError(
    cause.hop,
    `${cause.message}; these events may be counted when it is back, and sending them again may count them twice`,
    { cause },
  );
}
