import type { ServerResponse } from 'node:http';
import type { FairGate } from '../domain/fair-gate';
import { POINT_BYTES, type MemoryHold } from '../domain/memory-budget';
import type { RequestScope } from '../domain/request-scope';

/** Who a request counts for, and what it shares with the others. */
export interface RequestShare {
  readonly holder: string;
  readonly memory: MemoryHold;
  /** Portions of long readings. */
  readonly turns: FairGate;
}

/**
 * One HTTP request's hold on the bridge. It ends when the answer is out, or the caller gone, and the work for it has
 * ended as well: a place that is given away earlier would let more work run than there are places.
 */
export class RequestWork implements RequestScope {
  private readonly controller = new AbortController();
  private leave: (() => void) | null = null;
  private running = 0;
  private closed = false;

  constructor(
    response: ServerResponse,
    private readonly share: RequestShare,
  ) {
    response.once('close', () => {
      this.closed = true;
      if (this.running > 0) this.controller.abort();
      this.endWhenOver();
    });
  }

  get holder(): string {
    return this.share.holder;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for a place and keeps it. Rejects as the gate does. */
  async enter(gate: FairGate): Promise<void> {
    this.leave = await this.run(() => gate.enter(this.share.holder, this.signal));
    this.endWhenOver();
  }

  /** Runs work for the request; the scope's signal is aborted when the caller is gone. */
  async run<T>(work: (scope: RequestScope) => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await work(this);
    } finally {
      this.running -= 1;
      this.endWhenOver();
    }
  }

  reserve(points: number): void {
    this.share.memory.reserve(points * POINT_BYTES);
  }

  inTurn<T>(portion: () => Promise<T>): Promise<T> {
    return this.share.turns.run(this.share.holder, this.signal, portion);
  }

  private endWhenOver(): void {
    if (!this.closed || this.running > 0) return;
    this.leave?.();
    this.share.memory.free();
  }
}
