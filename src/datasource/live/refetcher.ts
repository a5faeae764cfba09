import type { Observable, Subscription } from 'rxjs';
import type { AskRounds } from './ask-rounds';
import type { Clock, PageVisibility } from './ports';

/** `failed`: it is tried again after a while; `refused`: asking the same again is of no use. */
export type Outcome = 'answered' | 'failed' | 'refused';

const BETWEEN_MS = 1_000;
const JITTER_MS = 250;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** Tabs that come into sight again, or all that have lost one bridge, do not ask in the same moment. */
const RETURN_SPREAD_MS = 500;

/**
 * Asks one question again whenever that is wanted: one call at a time, at least a second apart and longer where
 * calls are slow, not while nobody can see the page, with growing pauses after failures. Wanted once more while a
 * call is on its way means one more call after it.
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

  /** `ask` gives one outcome and completes. `rounds`: those of the page that its calls go with; undefined: none now. */
  constructor(
    private readonly clock: Clock,
    private readonly page: PageVisibility,
    private readonly ask: () => Observable<Outcome>,
    private readonly rounds: () => AskRounds | undefined = () => undefined,
  ) {}

  get failures(): number {
    return this.failedInARow;
  }

  /** A question is open: on its way, or waiting for its time. */
  get isBusy(): boolean {
    return this.wanted || this.running !== undefined;
  }

  request(delayMs = 0): void {
    if (this.stopped) return;
    this.wanted = true;
    this.dueMs = Math.min(this.dueMs, this.clock.now() + delayMs);
    this.plan();
  }

  /** What the calls have asked for can be reached again: the pause after their failures is over. */
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
