/** When the next flush may begin: at once after a quiet time, then not before a multiple of what the last one cost. */
export interface PaceOptions {
  /** Least time between the beginnings of two flushes, ms. */
  readonly minMs: number;
  /** A flush that took d ms is followed by the next one no sooner than this many d after it began. */
  readonly factor: number;
  /** However costly, a flush comes after so long. */
  readonly maxMs: number;
}

export const PACE: PaceOptions = { minMs: 10, factor: 4, maxMs: 1_000 };

/** What all flushes of one process cost together, so that a thousand small ones are spaced out as well as a large one. */
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

  /** Part of the last tenth of a second that went into flushes. */
  recent(): number {
    return performance.now() - this.since > 1_000 ? 0 : this.share;
  }
}

/** Runs one flush at a time; touch() asks for one. `flush` may be asynchronous and must not reject. */
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

  /** Holds the next flush back, after a failure. */
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
