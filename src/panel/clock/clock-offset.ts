/**
 * How far the bridge's clock is from the browser's, from the times its answers carry. Every answer is some time on
 * its way, which makes the bridge look slow: of the last few, the one that was fastest is believed.
 */
const KEPT = 8;
/** Clocks this close are the same clock: ages do not jump about for the sake of a second. */
const TOLERATED_MS = 1500;
/** Coarser than the noise of single answers. */
const GRAIN_MS = 250;

export class ClockOffsetEstimate {
  private readonly samples: number[] = [];
  private seen = new Set<number>();

  /**
   * Takes in what answers said of the bridge's clock, each once.
   *
   * @param clocks - the bridge's clock at each answer, epoch ms
   * @param now - the browser's clock when they came
   */
  take(clocks: readonly number[], now: number): void {
    for (const clock of clocks) {
      if (this.seen.has(clock)) continue;
      this.samples.push(clock - now);
      if (this.samples.length > KEPT) this.samples.shift();
    }
    this.seen = new Set(clocks);
  }

  /** Milliseconds to add to the browser's clock. */
  get offset(): number {
    if (this.samples.length === 0) return 0;
    const fastest = Math.max(...this.samples);
    return Math.abs(fastest) <= TOLERATED_MS ? 0 : Math.round(fastest / GRAIN_MS) * GRAIN_MS;
  }
}
