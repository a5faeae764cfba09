import { ErrorHistogram } from './error-histogram';
import type { RecentSteps } from './recent-steps';
import { triangularMeans } from './smoothing';

const { abs, max, min, round, sqrt } = Math;
const { isNaN } = Number;

const MINUTE = 60_000;
/** A slow drop shows in the mean of an hour or two before it shows in any step. 0: the step alone. */
const WINDOWS_MINUTES = [0, 15, 30, 60, 120];
/** Of the means that begin within one length of a window, this many are learnt from. */
const PARTS = 4;
/** Errors of a window before it takes part. */
const MIN_ERRORS = 150;
const PRIOR_ERRORS = 20;
const MAX_DEVIATIONS = 30;
/** The limit of a side: the largest of these two quantiles, stretched, and of a width in deviations. */
const PROBABILITIES = [0.003, 0.01, 0.16, 0.84, 0.99, 0.997];
const STRETCH_OUTER = 1.2125;
const STRETCH_INNER = 1.455;
const MIN_WIDTHS = 3.2;
/** A longer window counts only while the newest step is off to the same side, by this much. */
const STILL_OFF = 0.5;
/** How fast the spread by time of day follows, in days, over how wide a stretch, and how far it is believed. */
const SPREAD_DAYS = 20;
const SPREAD_REACH_MINUTES = 60;
const SPREAD_POWER = 0.7;
const MIN_SPREAD = 0.5;
const MAX_SPREAD = 3;
const MAX_SPREAD_SQUARE = 25;
/** An episode ends after this long without a score beyond 1; until then the step must be off from before it, too. */
const EPISODE_HOURS = 3;
const EPISODE_OFF = 2;
const WITHIN = 0.5;

interface Window {
  readonly length: number;
  /** Means of neighbouring steps are nearly equal: every n-th one is learnt from. */
  readonly every: number;
  readonly errors: ErrorHistogram;
  /** Deviations at which the score is -1 and 1, learned when the day began; null: too few errors. */
  limits: readonly [number, number] | null;
}

/**
 * How unusual a step is: above 1 or below -1 where the step, or the mean of the steps up to it, is further off than
 * about one in a thousand has been. Limits are learned for each window's length (conformal, see horizon-model.ts), and
 * by time of day. While a series is off, and for a while after, a step scores only if it is off from what was expected
 * before that began: the return to normal is not an anomaly.
 */
export class AnomalyScore {
  private readonly windows: readonly Window[];
  private readonly means: Float64Array;
  private readonly spreads: Float64Array;
  private factors: Float64Array;
  private readonly before: Float64Array;
  /** Step that `before` holds the levels of; -1: no episode. */
  private beforeAt = -1;
  private lastAnomaly = -1;
  private strongest = 0;

  constructor(
    private readonly stepMs: number,
    private readonly growth: number,
    private readonly slots: number,
    levelCount: number,
    from?: AnomalyScore,
  ) {
    const lengths = new Set(WINDOWS_MINUTES.map((min) => max(1, round((min * MINUTE) / stepMs))));
    this.windows =
      from?.windows.map((window) => ({ ...window, errors: window.errors.clone() })) ??
      [...lengths].map((length) => {
        const every = max(1, round(length / PARTS));
        return { length, every, errors: new ErrorHistogram(growth ** every), limits: null };
      });
    this.means = new Float64Array(this.windows.length);
    this.spreads = from?.spreads.slice() ?? new Float64Array(slots).fill(1);
    this.factors = from?.factors ?? new Float64Array(slots).fill(1);
    this.before = from?.before.slice() ?? new Float64Array(levelCount);
    if (from === undefined) return;
    this.beforeAt = from.beforeAt;
    this.lastAnomaly = from.lastAnomaly;
  }

  clone(): AnomalyScore {
    return new AnomalyScore(this.stepMs, this.growth, this.slots, this.before.length, this);
  }

  /** A new day: limits and spreads by all that was taken in. */
  refit(): void {
    for (const window of this.windows) {
      window.limits = window.errors.count < MIN_ERRORS ? null : limitsOf(window.errors);
    }
    const half = min(round((SPREAD_REACH_MINUTES * MINUTE) / this.stepMs), (this.slots - 1) >> 1);
    this.factors = triangularMeans(this.spreads, half).map(
      (square) => max(MIN_SPREAD, min(MAX_SPREAD, sqrt(square))) ** SPREAD_POWER,
    );
  }

  /** The score of step `index`, the newest that `past` has a note of. It is not taken in by this. */
  of(past: RecentSteps, index: number, residual: number, profile: number, slot: number): number {
    const factor = this.factors[slot]!;
    let score = 0;
    this.strongest = 0;
    for (let k = 0; k < this.windows.length; k++) {
      const window = this.windows[k]!;
      this.means[k] = Number.NaN;
      const scores = k === 0 || abs(this.means[0]!) > STILL_OFF;
      if (!scores && index % window.every !== 0) continue;
      const mean = past.meanDeviation(index, window.length, MAX_DEVIATIONS) / factor;
      this.means[k] = mean;
      if (!scores || isNaN(mean) || window.limits === null) continue;
      if (this.means[0]! * mean < 0) continue;
      const ofWindow = mean < 0 ? mean / window.limits[0] : mean / window.limits[1];
      if (abs(ofWindow) <= abs(score)) continue;
      score = ofWindow;
      this.strongest = k;
    }
    if (this.beforeAt < 0 || this.isStillOff(past, index, residual, profile, score, factor)) return score;
    return max(-WITHIN, min(WITHIN, score));
  }

  /** Takes in the step whose score was just computed. @param share weight of its errors */
  learn(past: RecentSteps, index: number, slot: number, score: number, share: number): void {
    for (let k = 0; k < this.windows.length; k++) {
      const mean = this.means[k]!;
      const window = this.windows[k]!;
      if (!isNaN(mean) && index % window.every === 0) window.errors.add(this.seen(mean, window), share);
    }
    const own = this.means[0]! * this.factors[slot]!;
    if (!isNaN(own)) {
      this.spreads[slot]! += (min(MAX_SPREAD_SQUARE, own * own) - this.spreads[slot]!) / SPREAD_DAYS;
    }
    if (abs(score) >= 1) {
      if (this.beforeAt < 0) {
        this.beforeAt = index - this.windows[this.strongest]!.length;
        past.copyLevels(this.beforeAt, this.before);
      }
      this.lastAnomaly = index;
    } else if ((index - this.lastAnomaly) * this.stepMs > EPISODE_HOURS * 60 * MINUTE) {
      this.beforeAt = -1;
    }
  }

  /** The first step of an episode counts as it is, the others as no more than leaves the limit where it is. */
  private seen(mean: number, { limits }: Window): number {
    if (limits === null || this.beforeAt < 0) return mean;
    return max(-limits[0] / STRETCH_OUTER, min(limits[1] / STRETCH_OUTER, mean));
  }

  private isStillOff(
    past: RecentSteps,
    index: number,
    residual: number,
    profile: number,
    score: number,
    factor: number,
  ): boolean {
    const ahead = index - this.beforeAt;
    const off = past.deviations(residual, profile, this.before, 0, ahead) / factor;
    return off * score > 0 && abs(off) >= EPISODE_OFF;
  }
}

/** Both as positive numbers of deviations. */
function limitsOf(errors: ErrorHistogram): readonly [number, number] {
  const found = errors.quantiles(PROBABILITIES, PRIOR_ERRORS);
  const width = MIN_WIDTHS * ((found[3]! - found[2]!) / 2);
  return [
    max(-found[1]! * STRETCH_INNER, -found[0]! * STRETCH_OUTER, width),
    max(found[4]! * STRETCH_INNER, found[5]! * STRETCH_OUTER, width),
  ];
}
