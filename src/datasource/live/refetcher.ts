import type { Observable, Subscription } from 'rxjs';
import type { AskRounds } from './ask-rounds';
import type { Clock, PageVisibility } from './ports';

/** `failed`: retried after a backoff; `refused`: the same query would be refused again. */
export type Outcome = 'answered' | 'failed' | 'refused';

const BETWEEN_MS = 1_000;
const JITTER_MS = 250;
const FIRST_BACKOFF_MS = 1_000;
/** With its jitter, and the page's rounds, it is less than 20 s until a target that is back is asked. */
const LONGEST_BACKOFF_MS = 10_000;
/** Spreads the calls of tabs that become visible together, or that lost the same bridge. */
const RETURN_SPREAD_MS = 500;

/**
 * Repeats one query on request: one call at a time, at least a second apart and longer where calls are slow, not
 * while the page is hidden, with exponential backoff after failures. A request during a call leads to one more call
 * after it.
 */
export class Refetcher {
  private wanted = false;
  private dueMs = Infinity;
  private earliestMs = -Infinity;
  private running: Subscription | undefined;
  private cancel: (() => void) | undefined;
  private endWatch: (() => void) | undefined;
  private failedInARow = 0;
  private stopped = false;

  /** `ask` emits one outcome and completes. `rounds`: the page's polling rounds that its calls join; undefined: none. */
  constructor(
    private readonly clock: Clock,
    private readonly page: PageVisibility,
    private readonly ask: () => Observable<Outcome>,
    private readonly rounds: () => AskRounds | undefined = () => undefined,
  ) {}

  get failures(): number {
    return this.failedInARow;
  }

  /** A call is running or scheduled. */
  get isBusy(): boolean {
    return this.wanted || this.running !== undefined;
  }

  request(delayMs = 0): void {
    if (this.stopped) return;
    this.wanted = true;
    this.dueMs = Math.min(this.dueMs, this.clock.now() + delayMs);
    this.plan();
  }

  /** The target is reachable again: ends the backoff. */
  onBack(): void {
    if (this.failedInARow === 0) return;
    this.failedInARow = 1;
    this.earliestMs = Math.min(this.earliestMs, this.clock.now() + this.clock.random() * RETURN_SPREAD_MS);
    this.plan();
  }

  /** Nothing runs after it. */
  stop(): void {
    this.stopped = true;
    this.wanted = false;
    this.running?.unsubscribe();
    this.running = undefined;
    this.rest();
  }

  private plan(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (!this.wanted || this.running !== undefined) return;
    this.endWatch ??= this.page.onChange(() => this.onVisibility());
    if (!this.page.isVisible()) return;
    const now = this.clock.now();
    const atMs = Math.max(this.dueMs, this.earliestMs, now);
    const waitMs = (this.rounds()?.from(atMs) ?? atMs) - now;
    this.cancel = this.clock.after(waitMs, () => this.startInRound());
  }

  /** Another question may have begun a round in the meantime. */
  private startInRound(): void {
    const rounds = this.rounds();
    const now = this.clock.now();
    if (rounds !== undefined && rounds.from(now) > now) {
      this.plan();
      return;
    }
    rounds?.join();
    this.start();
  }

  private onVisibility(): void {
    if (this.page.isVisible()) {
      this.dueMs = Math.max(this.dueMs, this.clock.now() + this.clock.random() * RETURN_SPREAD_MS);
    }
    this.plan();
  }

  private start(): void {
    this.rest();
    this.wanted = false;
    this.dueMs = Infinity;
    const startedMs = this.clock.now();
    let outcome: Outcome = 'failed';
    const end = () => {
      this.running = undefined;
      this.finish(outcome, startedMs);
    };
    const running = this.ask().subscribe({
      next: (result) => (outcome = result),
      complete: end,
      error: () => {
        outcome = 'failed';
        end();
      },
    });
    if (!running.closed) this.running = running;
  }

  private finish(outcome: Outcome, startedMs: number): void {
    if (this.stopped) return;
    const now = this.clock.now();
    this.rounds()?.note(outcome === 'failed');
    if (outcome === 'failed') {
      const pauseMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.failedInARow);
      this.failedInARow += 1;
      this.earliestMs = now + pauseMs * (0.75 + this.clock.random() / 2);
      this.wanted = true;
      this.dueMs = now;
    } else {
      this.failedInARow = 0;
      const tookMs = now - startedMs;
      this.earliestMs = startedMs + Math.max(BETWEEN_MS, 2 * tookMs) + this.clock.random() * JITTER_MS;
    }
    this.plan();
  }

  private rest(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.endWatch?.();
    this.endWatch = undefined;
  }
}
