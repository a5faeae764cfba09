/** Spacing of flushes: immediate after a quiet time, then after a multiple of the last flush's duration. */
export interface PaceOptions {
  /** Minimum time between the starts of two flushes, ms. */
  readonly minMs: number;
  /** The next flush starts no sooner than `factor` times the duration of the last one after its start. */
  readonly factor: number;
  /** Maximum time between the starts of two flushes, ms. */
  readonly maxMs: number;
}

export const PACE: PaceOptions = { minMs: 10, factor: 4, maxMs: 1_000 };

/** Load of all flushes of the process, so that many small flushes are spaced out like a large one. */
export class FlushLoad {
  private cost = 0;
  private since = performance.now();
  private share = 0;

  add(ms: number): void {
    const now = performance.now();
    const span = now - this.since;
    this.cost += ms;
    if (span < 100) return;
    this.share = Math.min(1, this.cost / span);
    this.cost = 0;
    this.since = now;
  }

  /** Share of the last 100 ms spent in flushes. */
  recent(): number {
    return performance.now() - this.since > 1_000 ? 0 : this.share;
  }
}

/** Runs one flush at a time; touch() requests one. `flush` may be asynchronous and must not reject. */
export class Pace {
  private nextAt = 0;
  private asked = false;
  private running = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;
  private immediate: NodeJS.Immediate | null = null;

  constructor(
    private readonly flush: () => undefined | Promise<void>,
    private readonly load: FlushLoad,
    private readonly options: PaceOptions = PACE,
  ) {}

  touch(): void {
    if (this.asked || this.stopped) return;
    this.asked = true;
    if (!this.running) this.schedule();
  }

  /** Delays the next flush, after a failure. */
  postpone(ms: number): void {
    this.nextAt = Math.max(this.nextAt, performance.now() + ms);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.immediate !== null) clearImmediate(this.immediate);
  }

  private schedule(): void {
    const wait = this.nextAt - performance.now();
    if (wait <= 0) {
      this.immediate = setImmediate(() => this.run());
    } else {
      this.timer = setTimeout(() => this.run(), wait);
      this.timer.unref();
    }
  }

  private run(): void {
    if (this.stopped) return;
    this.asked = false;
    this.running = true;
    const began = performance.now();
    const work = this.flush();
    if (work === undefined) {
      this.load.add(performance.now() - began);
      this.done(began);
    } else void work.then(() => this.done(began));
  }

  private done(began: number): void {
    this.running = false;
    const { minMs, maxMs, factor } = this.options;
    const cost = performance.now() - began;
    const pause = Math.min(maxMs, Math.max(minMs, cost * factor, minMs * factor * this.load.recent()));
    this.nextAt = Math.max(this.nextAt, began + pause);
    if (this.asked && !this.stopped) this.schedule();
  }
}
