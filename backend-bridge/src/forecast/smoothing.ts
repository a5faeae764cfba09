/** A profile of a day, smoothed as far as that loses less shape than it takes noise away. */

const { max, min, round } = Math;
const { isNaN } = Number;

const MINUTE = 60_000;
/** Half widths of the triangular kernels that are tried, each weighed against what came out so far. */
const HALF_WIDTHS_MINUTES = [20, 40, 80];
/** The shape that a kernel flattens is measured over this much on each side. */
const BIAS_REACH_MINUTES = 120;

/**
 * Mixes the raw profile with kernel means of it, each weighed by its own squared bias against the raw one's noise.
 * @param noise variance of each slot of `raw`; NaN where nothing was measured
 */
export function smoothed(raw: Float64Array, noise: Float64Array, stepMs: number): Float64Array {
  const slots = raw.length;
  const reach = min(max(2, round((BIAS_REACH_MINUTES * MINUTE) / stepMs)), (slots - 1) >> 1);
  let result = raw;
  for (const minutes of HALF_WIDTHS_MINUTES) {
    const half = round((minutes * MINUTE) / stepMs);
    if (half < 1 || 2 * half >= slots) continue;
    result = mixed(result, raw, noise, half, reach);
  }
  return result;
}

function mixed(
  soFar: Float64Array,
  raw: Float64Array,
  noise: Float64Array,
  half: number,
  reach: number,
): Float64Array {
  const slots = raw.length;
  const kernel = triangularMeans(raw, half);
  // Of the raw noise, what is left in the kernel's mean, and what is in the difference of the two.
  const left = 1 / ((2 / 3) * (half + 1));
  const apart = 1 - 2 / (half + 1) + left;
  const bias = new Float64Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    const known = isNaN(noise[slot]!) ? 0 : noise[slot]!;
    const difference = raw[slot]! - kernel[slot]!;
    bias[slot] = difference * difference - known * apart;
  }
  const out = new Float64Array(slots);
  let sum = 0;
  for (let k = -reach; k <= reach; k++) sum += bias[(k + slots) % slots]!;
  for (let slot = 0; slot < slots; slot++) {
    const squaredBias = max(0, sum / (2 * reach + 1));
    const own = isNaN(noise[slot]!) ? 4 * squaredBias : noise[slot]!;
    const ofKernel = squaredBias + own * left;
    const weight = ofKernel + own > 0 ? own / (ofKernel + own) : 1;
    out[slot] = weight * kernel[slot]! + (1 - weight) * soFar[slot]!;
    sum += bias[(slot + reach + 1) % slots]! - bias[(slot - reach + slots) % slots]!;
  }
  return out;
}

/** Means with weights that fall to 0 at `half` + 1 slots away; the day is a ring. A running mean of a running mean. */
export function triangularMeans(values: Float64Array, half: number): Float64Array {
  return runningMeans(runningMeans(values, half + 1, 0), half + 1, half);
}

function runningMeans(values: Float64Array, width: number, before: number): Float64Array {
  const slots = values.length;
  const out = new Float64Array(slots);
  let sum = 0;
  for (let k = 0; k < width; k++) sum += values[(k - before + slots) % slots]!;
  for (let slot = 0; slot < slots; slot++) {
    out[slot] = sum / width;
    sum += values[(slot + width - before + slots) % slots]! - values[(slot - before + slots) % slots]!;
  }
  return out;
}
