/** Exponential backoff with jitter: delays double up to a limit, each drawn from its upper half. */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly firstMs: number,
    private readonly limitMs: number,
  ) {}

  next(): number {
    const full = Math.min(this.limitMs, this.firstMs * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    return Math.round(full * (0.5 + Math.random() / 2));
  }

  reset(): void {
    this.attempts = 0;
  }
}
