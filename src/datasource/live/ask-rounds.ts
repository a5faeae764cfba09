import type { Clock } from './ports';

/** Between two rounds: a page asks again twenty times a minute at most. */
const BETWEEN_MS = 3_000;
/** The same while the last questions have failed. */
const BETWEEN_FAILED_MS = 6_000;
/** What is due so soon after the begin of a round still goes with it. */
export const JOIN_MS = 50;

/**
 * When the panels of a page may ask again: all that is due together in one round, the first one at once. However many
 * panels there are and however often something changes, the page asks so many times a minute.
 */
export class AskRounds {
  private begunMs = -Infinity;
  private hasFailed = false;

  constructor(private readonly clock: Clock) {}

  /** The earliest time, not before the given one, at which a query may be sent. */
  from(ms: number): number {
    const sinceMs = ms - this.begunMs;
    // A clock that was set back starts over.
    if (sinceMs <= JOIN_MS || this.begunMs > this.clock.now()) return ms;
    return Math.max(ms, this.begunMs + (this.hasFailed ? BETWEEN_FAILED_MS : BETWEEN_MS));
  }

  /** A query is sent now: it starts a round unless one has just started. */
  join(): void {
    const sinceMs = this.clock.now() - this.begunMs;
    if (sinceMs < 0 || sinceMs > JOIN_MS) this.begunMs = this.clock.now();
  }

  note(failed: boolean): void {
    this.hasFailed = failed;
  }
}
