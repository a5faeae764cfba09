import type { HorizonModel } from './horizon-model';

const { min } = Math;
const { isNaN } = Number;

const sums = new Float64Array(2);

/** The last day of steps as the model saw them: what horizons learn from, and what scores compare with. */
export class RecentSteps {
  /** `levelCount` numbers for each step, at `offset`. */
  readonly levels: Float64Array;
  /** Added to every deviation, which keeps it above 0. */
  floor = 0;
  private readonly residuals: Float64Array;
  private readonly profiles: Float64Array;
  private readonly size: number;

  constructor(
    private readonly horizons: readonly HorizonModel[],
    readonly levelCount: number,
    from?: RecentSteps,
  ) {
    this.size = horizons.at(-1)!.steps + 1;
    this.levels = from?.levels.slice() ?? new Float64Array(this.size * levelCount);
    this.residuals = from?.residuals.slice() ?? new Float64Array(this.size).fill(Number.NaN);
    this.profiles = from?.profiles.slice() ?? new Float64Array(this.size);
    if (from !== undefined) this.floor = from.floor;
  }

  /** Steps that are remembered. */
  get length(): number {
    return this.size;
  }

  offset(index: number): number {
    return (index % this.size) * this.levelCount;
  }

  /** Notes a step; NaN as residual where it is missing. Its levels are written at `offset` by the caller. */
  note(index: number, residual: number, profile: number): void {
    this.residuals[index % this.size] = residual;
    this.profiles[index % this.size] = profile;
  }

  isMissing(index: number): boolean {
    return isNaN(this.residuals[index % this.size]!);
  }

  copyLevels(index: number, out: Float64Array): void {
    const from = this.offset(index);
    for (let k = 0; k < this.levelCount; k++) out[k] = this.levels[from + k]!;
  }

  /** The shortest horizon that reaches `ahead` steps, the longest one beyond. */
  horizonOf(ahead: number): HorizonModel {
    return this.horizons[this.positionOf(ahead)]!;
  }

  positionOf(ahead: number): number {
    let position = 0;
    while (position < this.horizons.length - 1 && this.horizons[position]!.steps < ahead) position++;
    return position;
  }

  /**
   * Mean deviation of the `length` steps up to `index` from what was expected before them; NaN where fewer than half
   * are there. No step counts for more than `limit`.
   */
  meanDeviation(index: number, length: number, limit: number): number {
    const before = index - length;
    if (before < 0) return Number.NaN;
    sums.fill(0);
    let from = 1;
    for (let position = 0; from <= length; position++) {
      const horizon = this.horizons[position]!;
      const to = min(length, horizon.steps);
      horizon.addDeviations(
        this.levels,
        this.offset(before),
        this.residuals,
        this.profiles,
        before + from,
        before + to + 1,
        this.floor,
        limit,
        sums,
      );
      from = to + 1;
    }
    return 2 * sums[1]! > length ? sums[0]! / sums[1]! : Number.NaN;
  }

  /** Deviations of a step from what was expected with the levels at `at` in `levels`, `ahead` steps before it. */
  deviations(residual: number, profile: number, levels: Float64Array, at: number, ahead: number): number {
    const horizon = this.horizonOf(ahead);
    return (residual - horizon.expected(levels, at, profile)) / (horizon.deviation(profile) + this.floor);
  }
}
