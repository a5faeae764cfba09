import { createRandom } from '../../../tests/support/seeded-random';
import { ErrorHistogram } from './error-histogram';

describe('quantiles of errors', () => {
  it('are those of a standard normal before there are any', () => {
    const found = new ErrorHistogram(1).quantiles([0.025, 0.5, 0.975], 20);
    expect(found[0]!).toBeCloseTo(-1.96, 1);
    expect(found[1]!).toBeCloseTo(0, 1);
    expect(found[2]!).toBeCloseTo(1.96, 1);
  });

  it('are those of what was added', () => {
    const random = createRandom(5);
    const histogram = new ErrorHistogram(1);
    for (let k = 0; k < 20_000; k++) histogram.add(8 * random() - 2, 1);
    const found = histogram.quantiles([0.1, 0.5, 0.9], 0);
    [-1.2, 2, 5.2].forEach((value, k) => expect(Math.abs(found[k]! - value)).toBeLessThan(0.15));
    expect(histogram.count).toBeCloseTo(20_000, 0);
  });

  it('forget: what was added last weighs most, also after the weights were rescaled', () => {
    const histogram = new ErrorHistogram(1.01);
    for (let k = 0; k < 5_000; k++) histogram.add(-5, 1);
    for (let k = 0; k < 500; k++) histogram.add(5, 1);
    expect(histogram.quantiles([0.05], 0)[0]!).toBeGreaterThan(4.5);
    expect(histogram.count).toBeCloseTo(1 / (1 - 1 / 1.01), 0);
  });

  it('take any number', () => {
    const histogram = new ErrorHistogram(1);
    for (const error of [1e300, -1e300, 0, 1e-300]) histogram.add(error, 1);
    expect(histogram.quantiles([0.01, 0.99], 0).every(Number.isFinite)).toBe(true);
  });
});
