/** A delay that doubles with each attempt up to a limit, drawn from its upper half. `attempt`: 0 for the first. */
export function backoffMs(attempt: number, firstMs: number, limitMs: number): number {
  const full = Math.min(limitMs, firstMs * 2 ** Math.min(attempt, 20));
  return Math.round(full * (0.5 + Math.random() / 2));
}

/** Delays of one caller's attempts, until it is reset. */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly firstMs: number,
    private readonly limitMs: number,
  ) {}

  next(): number {
    return backoffMs(this.attempts++, this.firstMs, this.limitMs);
  }

  reset(): void {
    this.attempts = 0;
  }
}
