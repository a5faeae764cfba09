import type { ServerResponse } from 'node:http';
import type { FairGate } from '../domain/fair-gate';
import { POINT_BYTES, type MemoryHold } from '../domain/memory-budget';
import type { RequestScope } from '../domain/request-scope';

/** The budgets that a request draws on. */
export interface RequestShare {
  readonly holder: string;
  readonly memory: MemoryHold;
  /** Portions of long reads. */
  readonly turns: FairGate;
}

/**
 * The resources of one HTTP request. They are released when the answer is sent or the caller is gone, and the request's
 * work has ended too: releasing earlier would let more work run than the limit allows.
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

  /** Waits for a place and keeps it. Rejects with the gate's errors. */
  async enter(gate: FairGate): Promise<void> {
    this.leave = await this.run(() => gate.enter(this.share.holder, this.signal));
    this.endWhenOver();
  }

  /** Runs the request's work; the scope's signal aborts when the caller disconnects. */
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
