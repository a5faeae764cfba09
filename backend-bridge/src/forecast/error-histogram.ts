/** The distribution of past errors, newer ones weighing more: quantiles of it are the width of the bands. */

const { abs, floor, max, min } = Math;

const BINS = 256;
/** Errors of this many standard deviations lie half-way to the end of the scale: bins are narrow near 0, wide far out. */
const HALF_WAY = 3;
const RESCALE_ABOVE = 1e12;

/** A standard normal's share of each bin: what is assumed before there are errors. */
const normalShares = Float64Array.from({ length: BINS }, (_, bin) => {
  const middle = errorAt(bin + 0.5);
  const width = errorAt(min(BINS - 1e-6, bin + 1)) - errorAt(max(1e-6, bin));
  return Math.exp(-0.5 * middle * middle) * width * 0.3989422804014327;
});

function errorAt(position: number): number {
  const mapped = (2 * position) / BINS - 1;
  return (HALF_WAY * mapped) / (1 - abs(mapped));
}

export class ErrorHistogram {
  private readonly weights: Float32Array;
  private weight = 1;
  private total = 0;

  /** @param growth weight of an error by that of the one before it: above 1 so that old ones count for less */
  constructor(
    private readonly growth: number,
    from?: ErrorHistogram,
  ) {
    this.weights = from === undefined ? new Float32Array(BINS) : Float32Array.from(from.weights);
    if (from !== undefined) {
      this.weight = from.weight;
      this.total = from.total;
    }
  }

  clone(): ErrorHistogram {
    return new ErrorHistogram(this.growth, this);
  }

  /** @param error in standard deviations; @param share of a whole observation */
  add(error: number, share: number): void {
    const mapped = error / (abs(error) + HALF_WAY);
    const bin = min(BINS - 1, floor((mapped + 1) * (BINS / 2)));
    this.weight *= this.growth;
    this.weights[bin]! += this.weight * share;
    this.total += this.weight * share;
    if (this.weight > RESCALE_ABOVE) this.rescale();
  }

  /** Observations that the weights amount to. */
  get count(): number {
    return this.total / this.weight;
  }

  /** Quantiles at ascending `probabilities`, with `prior` observations of a standard normal added. */
  quantiles(probabilities: readonly number[], prior: number): number[] {
    const added = prior * this.weight;
    const whole = this.total + added;
    const found: number[] = [];
    let below = 0;
    let bin = 0;
    for (const probability of probabilities) {
      const wanted = probability * whole;
      let inBin = this.weights[bin]! + added * normalShares[bin]!;
      while (bin < BINS - 1 && below + inBin < wanted) {
        below += inBin;
        bin++;
        inBin = this.weights[bin]! + added * normalShares[bin]!;
      }
      const part = inBin > 0 ? min(1, max(0, (wanted - below) / inBin)) : 0.5;
      found.push(errorAt(min(BINS - 0.01, max(0.01, bin + part))));
    }
    return found;
  }

  private rescale(): void {
    for (let bin = 0; bin < BINS; bin++) this.weights[bin]! /= this.weight;
    this.total /= this.weight;
    this.weight = 1;
  }
}
