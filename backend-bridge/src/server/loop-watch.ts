const TICK_MS = 250;
const KEPT_TICKS = 40;
const STALLED_MS = 5_000;

/** Measures event loop lag: how late timers fire. */
export class LoopWatch {
  private readonly lags: number[] = [];
  private expectedMs = performance.now() + TICK_MS;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** The largest lag of the last ten seconds, in whole milliseconds. */
  lagMs(): number {
    return Math.round(Math.max(0, performance.now() - this.expectedMs, ...this.lags));
  }

  stalled(): boolean {
    return this.lagMs() > STALLED_MS;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const nowMs = performance.now();
    this.lags.push(Math.max(0, nowMs - this.expectedMs));
    if (this.lags.length > KEPT_TICKS) this.lags.shift();
    this.expectedMs = nowMs + TICK_MS;
  }
}
