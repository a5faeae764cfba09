import { alarmsOf, ruledScore, type AnomalyRule } from './rule';

const rule: AnomalyRule = { direction: 'both', minChange: 5, forSteps: 2 };

describe('the score as a rule sees it', () => {
  it.each([
    [{}, 20, 10, 1.5, 1.5],
    [{}, 14, 10, 1.5, 0],
    [{ direction: 'up' as const }, 0, 10, -2, 0],
    [{ direction: 'up' as const }, 20, 10, 2, 2],
    [{ direction: 'down' as const }, 0, 10, -2, -2],
    [{ direction: 'down' as const }, 20, 10, 2, 0],
    [{}, Number.NaN, 10, 2, 0],
    [{}, 20, Number.NaN, Number.NaN, 0],
  ])('%j: %d instead of %d with %d is %d', (given, actual, expected, score, seen) => {
    expect(ruledScore({ ...rule, ...given }, actual, expected, score)).toBe(seen);
  });
});

describe('alarms', () => {
  it('fire at the step that completes the run, and last to its end', () => {
    const scores = [0, 1.2, -1.1, 3, 0.9, 1, 0, 1, 1];
    expect(alarmsOf(scores, 1)).toEqual([
      { from: 1, to: 3 },
      { from: 5, to: 5 },
      { from: 7, to: 8 },
    ]);
    expect(alarmsOf(scores, 2)).toEqual([
      { from: 2, to: 3 },
      { from: 8, to: 8 },
    ]);
    expect(alarmsOf([], 1)).toEqual([]);
  });
});
