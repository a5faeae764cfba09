/**
 * How far a series is from its profile just now: exponentially weighted means of its residuals over several half-lives,
 * once as a difference and once as a factor of the profile (as the additive and multiplicative levels of Holt and
 * Winters, but several, and their weights learned for each horizon).
 */

const { max, min } = Math;

const HOUR = 3_600_000;
const HALF_LIVES_HOURS = [0.25, 1, 6, 30];
/** A factor of the profile is kept within these: a night's near-zero profile must not make it explode. */
const MIN_FACTOR = -1;
const MAX_FACTOR = 3;

export class Levels {
  /** Numbers that `write` makes: first the differences, then the factors. */
  readonly size: number;
  private readonly rates: Float64Array;
  private readonly differences: Float64Array;
  /** Weighted means of profile x residual, and of the profile's square: their quotient is the factor. */
  private readonly slopes: Float64Array;
  private readonly squares: Float64Array;

  constructor(stepMs: number, from?: Levels) {
    const halfLives = HALF_LIVES_HOURS.filter((hours) => hours * HOUR >= stepMs);
    if (halfLives.length === 0) halfLives.push((2 * stepMs) / HOUR);
    this.rates = Float64Array.from(halfLives, (hours) => 1 - 0.5 ** (stepMs / (hours * HOUR)));
    this.size = 2 * halfLives.length;
    this.differences = from?.differences.slice() ?? new Float64Array(halfLives.length);
    this.slopes = from?.slopes.slice() ?? new Float64Array(halfLives.length);
    this.squares = from?.squares.slice() ?? new Float64Array(halfLives.length);
  }

  /**
   * @param seen the residual as far as it is believed; a level moves towards it, but never away from the residual itself
   */
  update(seen: number, residual: number, profile: number): void {
    const square = profile * profile;
    for (let k = 0; k < this.rates.length; k++) {
      const rate = this.rates[k]!;
      const difference = this.differences[k]!;
      this.differences[k] = difference + rate * (towards(difference, seen, residual) - difference);
      if (this.squares[k] === 0) this.squares[k] = square;
      const current = this.factor(k) * profile;
      this.slopes[k]! += rate * (profile * towards(current, seen, residual) - this.slopes[k]!);
      this.squares[k]! += rate * (square - this.squares[k]!);
    }
  }

  /** Each level as what it adds to the next longer one: the parts hardly depend on each other, so weights are stable. */
  write(out: Float64Array, at: number): void {
    const count = this.rates.length;
    for (let k = 0; k < count; k++) {
      const longer = k + 1 < count;
      out[at + k] = this.differences[k]! - (longer ? this.differences[k + 1]! : 0);
      out[at + count + k] = this.factor(k) - (longer ? this.factor(k + 1) : 0);
    }
  }

  private factor(k: number): number {
    const square = this.squares[k]!;
    return square > 0 ? max(MIN_FACTOR, min(MAX_FACTOR, this.slopes[k]! / square)) : 0;
  }
}

/** `seen`, or `level` where `seen` lies on the other side of it than the residual. */
function towards(level: number, seen: number, residual: number): number {
  return (seen - level) * (residual - level) < 0 ? level : seen;
}
