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

  /** The earliest moment from that one on at which a question may be asked. */
  from(ms: number): number {
    const sinceMs = ms - this.begunMs;
    // A clock that was set back begins anew.
    if (sinceMs <= JOIN_MS || this.begunMs > this.clock.now()) return ms;
    return Math.max(ms, this.begunMs + (this.hasFailed ? BETWEEN_FAILED_MS : BETWEEN_MS));
  }

  /** A question is asked now: it begins a round, where none has just begun. */
  join(): void {
    const sinceMs = this.clock.now() - this.begunMs;
    if (sinceMs < 0 || sinceMs > JOIN_MS) this.begunMs = this.clock.now();
  }

  note(failed: boolean): void {
    this.hasFailed = failed;
  }
}
