import type { Clock } from './ports';

/** Interval between rounds: a page polls at most twenty times a minute. */
const BETWEEN_MS = 3_000;
/** The interval after failures. */
const BETWEEN_FAILED_MS = 6_000;
/** A query due this soon after the start of a round joins it. */
export const JOIN_MS = 50;

/**
 * Limits how often a page polls: due queries are sent together in one round, the first one at once. The rate does not
 * depend on the number of panels or changes.
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
