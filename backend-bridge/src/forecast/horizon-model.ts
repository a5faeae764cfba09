import { solveInBox } from './box-ridge';
import { ErrorHistogram } from './error-histogram';

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
  private weight = 0;
  private sumSquare = 0;
  private sumFourth = 0;
  private sumError = 0;
  private sumErrorSquare = 0;
  private constant = 0;
  private bySquare = 0;
  private fitted = false;
  private quantilesFor: readonly number[] = [];
  private quantiles: readonly number[] = [];

  /** @param keep what remains of an observation's weight after a step */
  constructor(
    readonly steps: number,
    private readonly size: number,
    private readonly keep: number,
    from?: HorizonModel,
  ) {
    this.coefficients = from?.coefficients ?? new Float64Array(size);
    this.cross = from?.cross.slice() ?? new Float64Array(size * size);
    this.target = from?.target.slice() ?? new Float64Array(size);
    this.errors = from?.errors.clone() ?? new ErrorHistogram(1 / keep);
    if (from === undefined) return;
    this.weight = from.weight;
    this.sumSquare = from.sumSquare;
    this.sumFourth = from.sumFourth;
    this.sumError = from.sumError;
    this.sumErrorSquare = from.sumErrorSquare;
    this.constant = from.constant;
    this.bySquare = from.bySquare;
    this.fitted = from.fitted;
    this.quantilesFor = from.quantilesFor;
    this.quantiles = from.quantiles;
  }

  clone(): HorizonModel {
    return new HorizonModel(this.steps, this.size, this.keep, this);
  }

  get ready(): boolean {
    return this.fitted;
  }

  deviation(profile: number): number {
    return Math.sqrt(this.constant + this.bySquare * profile * profile);
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
   * @param floor smallest deviation that is told from 0; @param noise variance from step to step
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
    const { size, cross, target, keep, coefficients } = this;
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
    const seen = expected + (this.fitted ? Math.max(-limit, Math.min(limit, error)) : error);
    const precision = this.fitted
      ? 1 / (deviation * deviation)
      : UNFITTED_WEIGHT / (noise + floor * floor);
    const weight = precision * Math.max(MIN_WEIGHT, share);
    for (let a = 0; a < size; a++) {
      const weighted = weight * features[a]!;
      for (let b = 0, row = a * size; b <= a; b++) {
        cross[row + b] = cross[row + b]! * keep + weighted * features[b]!;
      }
      target[a] = target[a]! * keep + weighted * seen;
    }
    if (share > 0) this.measure(error, profile, deviation, share, floor, noise);
  }

  /** Once a day: coefficients, deviations and quantiles by all that was taken in. */
  refit(): void {
    this.quantilesFor = [];
    if (this.weight === 0) return;
    this.coefficients = this.coefficients.slice();
    solveInBox(this.cross, this.target, this.coefficients);
    const { weight, sumSquare, sumFourth, sumError, sumErrorSquare } = this;
    const determinant = weight * sumFourth - sumSquare * sumSquare;
    const slope = weight * sumErrorSquare - sumSquare * sumError;
    this.bySquare = determinant > 1e-9 * weight * sumFourth ? Math.max(0, slope / determinant) : 0;
    this.constant = (sumError - this.bySquare * sumSquare) / weight;
    const least = (MIN_CONSTANT_SHARE * sumError) / weight;
    if (this.constant < least) {
      this.constant = least;
      this.bySquare = sumSquare > 0 ? Math.max(0, (sumError - least * weight) / sumSquare) : 0;
    }
    this.fitted = true;
  }

  /** Quantiles of the errors, in deviations. `probabilities`: ascending, the same array each time. */
  errorQuantiles(probabilities: readonly number[]): readonly number[] {
    if (this.quantilesFor !== probabilities) {
      this.quantiles = this.errors.quantiles(probabilities, PRIOR_ERRORS);
      this.quantilesFor = probabilities;
    }
    return this.quantiles;
  }

  private measure(
    error: number,
    profile: number,
    deviation: number,
    share: number,
    floor: number,
    noise: number,
  ): void {
    const limit = this.fitted ? CLIP * deviation : CLIP_UNFITTED * Math.sqrt(noise) + floor;
    const clipped = Math.min(Math.abs(error), limit);
    const square = profile * profile;
    const { keep } = this;
    this.weight = this.weight * keep + share;
    this.sumSquare = this.sumSquare * keep + share * square;
    this.sumFourth = this.sumFourth * keep + share * square * square;
    this.sumError = this.sumError * keep + share * clipped * clipped;
    this.sumErrorSquare = this.sumErrorSquare * keep + share * clipped * clipped * square;
    if (!this.fitted) return;
    const deviations = error / deviation;
    this.errors.add(deviations, share * Math.min(1, OUTLIER / Math.abs(deviations)));
  }
}
