import { solveInBox } from './box-ridge';
import { ErrorHistogram } from './error-histogram';

const { abs, max, min, sqrt } = Math;
const { isNaN } = Number;

/** An error beyond this many deviations counts as that many: an outage must not widen every later band. */
const CLIP = 4;
/** Before the first fit: deviations of the step-to-step noise. */
const CLIP_UNFITTED = 12;
/** Errors beyond this count for less in the bands, in proportion. */
const OUTLIER = 6;
/** Observations of a standard normal that the errors are mixed with. */
const PRIOR_ERRORS = 20;
/** The part of the error's variance that never depends on the profile. */
const MIN_CONSTANT_SHARE = 0.1;
const UNFITTED_WEIGHT = 0.3;
const MIN_WEIGHT = 0.05;
const MAX_FEATURES = 16;
const RESCALE_ABOVE = 2 ** 40;

const features = new Float64Array(MAX_FEATURES);

/**
 * Forecasts `steps` ahead: how much of each level remains by then, and how far off such forecasts were. Errors are
 * measured in deviations, whose square is a + b x profile^2; their quantiles are the band (split conformal prediction,
 * Vovk and others, 2005; older errors weighing less, Barber and others, 2023).
 */
export class HorizonModel {
  private coefficients: Float64Array;
  private readonly cross: Float64Array;
  private readonly target: Float64Array;
  private readonly errors: ErrorHistogram;
  /** Weight of the newest observation: it grows, so that older ones count for less without being touched. */
  private newest = 1;
  private weight = 0;
  private sumSquare = 0;
  private sumFourth = 0;
  private sumError = 0;
  private sumErrorSquare = 0;
  private constant = 0;
  private bySquare = 0;
  private fitted = false;
  /** Lower and upper quantile of the errors at the last fit, in deviations. */
  private quantiles: readonly number[] = [0, 0];

  /** @param every learn from every n-th step @param growth ratio of an observation's weight to the last one's */
  constructor(
    readonly steps: number,
    readonly every: number,
    private readonly size: number,
    private readonly growth: number,
    from?: HorizonModel,
  ) {
    this.coefficients = from?.coefficients ?? new Float64Array(size);
    this.cross = from?.cross.slice() ?? new Float64Array(size * size);
    this.target = from?.target.slice() ?? new Float64Array(size);
    this.errors = from?.errors.clone() ?? new ErrorHistogram(growth);
    if (from === undefined) return;
    this.newest = from.newest;
    this.weight = from.weight;
    this.sumSquare = from.sumSquare;
    this.sumFourth = from.sumFourth;
    this.sumError = from.sumError;
    this.sumErrorSquare = from.sumErrorSquare;
    this.constant = from.constant;
    this.bySquare = from.bySquare;
    this.fitted = from.fitted;
    this.quantiles = from.quantiles;
  }

  clone(): HorizonModel {
    return new HorizonModel(this.steps, this.every, this.size, this.growth, this);
  }

  get ready(): boolean {
    return this.fitted;
  }

  deviation(profile: number): number {
    return sqrt(this.constant + this.bySquare * profile * profile);
  }

  /**
   * Adds up how far a stretch of steps was from what was expected of it with the levels at `at`, in deviations.
   * @param residuals NaN where a step is missing; @param from first index, @param to behind the last, in a ring
   * @param limit no step counts for more; @param sums receives the sum of deviations and the number of steps
   */
  addDeviations(
    levels: Float64Array,
    at: number,
    residuals: Float64Array,
    profiles: Float64Array,
    from: number,
    to: number,
    floor: number,
    limit: number,
    sums: Float64Array,
  ): void {
    const half = this.size >> 1;
    const { coefficients, constant, bySquare } = this;
    let difference = 0;
    let factor = 0;
    for (let k = 0; k < half; k++) {
      difference += levels[at + k]! * coefficients[k]!;
      factor += levels[at + half + k]! * coefficients[half + k]!;
    }
    const size = residuals.length;
    let slot = from % size;
    for (let index = from; index < to; index++) {
      const residual = residuals[slot]!;
      const profile = profiles[slot]!;
      slot = slot + 1 === size ? 0 : slot + 1;
      if (isNaN(residual)) continue;
      const deviation = sqrt(constant + bySquare * profile * profile) + floor;
      const off = (residual - difference - profile * factor) / deviation;
      sums[0]! += off > limit ? limit : off < -limit ? -limit : off;
      sums[1]! += 1;
    }
  }

  /** The expected residual, by the levels at `at` in `levels`. */
  expected(levels: Float64Array, at: number, profile: number): number {
    const half = this.size >> 1;
    let sum = 0;
    for (let k = 0; k < half; k++) {
      sum +=
        levels[at + k]! * this.coefficients[k]! +
        profile * levels[at + half + k]! * this.coefficients[half + k]!;
    }
    return sum;
  }

  /**
   * Takes in what happened `steps` after the levels at `at`.
   * @param share weight of the error, 0 while the profile is not yet worth measuring by
   * @param floor added to deviations, which keeps them above 0; @param noise variance from step to step
   */
  learn(
    levels: Float64Array,
    at: number,
    profile: number,
    residual: number,
    share: number,
    floor: number,
    noise: number,
  ): void {
    const { size, cross, target, coefficients } = this;
    this.age();
    const half = size >> 1;
    let expected = 0;
    for (let k = 0; k < half; k++) {
      const difference = levels[at + k]!;
      const factor = profile * levels[at + half + k]!;
      features[k] = difference;
      features[half + k] = factor;
      expected += difference * coefficients[k]! + factor * coefficients[half + k]!;
    }
    const error = residual - expected;
    const deviation = this.fitted ? this.deviation(profile) + floor : 0;
    const limit = CLIP * deviation;
    const seen = expected + (this.fitted ? max(-limit, min(limit, error)) : error);
    const precision = this.fitted ? 1 / (deviation * deviation) : UNFITTED_WEIGHT / (noise + floor * floor);
    const weight = this.newest * precision * max(MIN_WEIGHT, share);
    for (let a = 0; a < size; a++) {
      const weighted = weight * features[a]!;
      for (let b = 0, row = a * size; b <= a; b++) {
        cross[row + b]! += weighted * features[b]!;
      }
      target[a]! += weighted * seen;
    }
    if (share > 0) this.measure(error, profile, deviation, share, floor, noise);
  }

  /** Once a day: coefficients, deviations and quantiles by all that was taken in. @param probabilities of the band's ends */
  refit(probabilities: readonly number[]): void {
    if (this.weight === 0) return;
    this.coefficients = this.coefficients.slice();
    solveInBox(this.cross, this.target, this.coefficients);
    const { weight, sumSquare, sumFourth, sumError, sumErrorSquare } = this;
    const determinant = weight * sumFourth - sumSquare * sumSquare;
    const slope = weight * sumErrorSquare - sumSquare * sumError;
    this.bySquare = determinant > 1e-9 * weight * sumFourth ? max(0, slope / determinant) : 0;
    this.constant = (sumError - this.bySquare * sumSquare) / weight;
    const least = (MIN_CONSTANT_SHARE * sumError) / weight;
    if (this.constant < least) {
      this.constant = least;
      this.bySquare = sumSquare > 0 ? max(0, (sumError - least * weight) / sumSquare) : 0;
    }
    this.fitted = true;
    this.quantiles = this.errors.quantiles(probabilities, PRIOR_ERRORS);
  }

  get lowerError(): number {
    return this.quantiles[0]!;
  }

  get upperError(): number {
    return this.quantiles[1]!;
  }

  private measure(
    error: number,
    profile: number,
    deviation: number,
    share: number,
    floor: number,
    noise: number,
  ): void {
    const limit = this.fitted ? CLIP * deviation : CLIP_UNFITTED * sqrt(noise) + floor;
    const clipped = min(abs(error), limit);
    const square = profile * profile;
    const weight = this.newest * share;
    const squaredError = clipped * clipped;
    this.weight += weight;
    this.sumSquare += weight * square;
    this.sumFourth += weight * square * square;
    this.sumError += weight * squaredError;
    this.sumErrorSquare += weight * squaredError * square;
    if (!this.fitted) return;
    const deviations = error / deviation;
    this.errors.add(deviations, share * min(1, OUTLIER / abs(deviations)));
  }

  private age(): void {
    this.newest *= this.growth;
    if (this.newest < RESCALE_ABOVE) return;
    const { cross, target, newest } = this;
    for (let k = 0; k < cross.length; k++) cross[k]! /= newest;
    for (let k = 0; k < target.length; k++) target[k]! /= newest;
    this.weight /= newest;
    this.sumSquare /= newest;
    this.sumFourth /= newest;
    this.sumError /= newest;
    this.sumErrorSquare /= newest;
    this.newest = 1;
  }
}
