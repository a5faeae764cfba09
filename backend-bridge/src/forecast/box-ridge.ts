/** Ridge regression whose coefficients stay in a box: a forecast cannot run away where the features hardly vary. */

const RIDGE = 0.02;
const SWEEPS = 20;
/** A level is never reversed, and at most kept whole: as a difference and as a factor together. */
const MIN_COEFFICIENT = 0;
const MAX_SUM = 1;

/**
 * Minimises by coordinate descent (Friedman, Hastie, Tibshirani: Regularization paths, 2010), from what `out` holds.
 * @param cross weighted products of the features, n x n, lower triangle
 * @param target weighted products of features and residual
 */
export function solveInBox(cross: Float64Array, target: Float64Array, out: Float64Array): void {
  const n = target.length;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let i = 0; i < n; i++) {
      const own = cross[i * n + i]! * (1 + RIDGE);
      let rest = target[i]!;
      for (let j = 0; j < i; j++) rest -= cross[i * n + j]! * out[j]!;
      for (let j = i + 1; j < n; j++) rest -= cross[j * n + i]! * out[j]!;
      out[i] =
        own > 0 ? Math.max(MIN_COEFFICIENT, Math.min(MAX_SUM - out[(i + (n >> 1)) % n]!, rest / own)) : 0;
    }
  }
}
