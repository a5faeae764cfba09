import { createHash } from 'node:crypto';
import { forecastSeries } from '../forecast/closed-steps';
import { forecastModel, historyNeededFrom } from '../forecast/model';
import { changed, DAY, HOUR, shopCounts } from '../forecast/series.test-support';
import { FitCancelledError, fitSeries, type FitJob } from './fit';
import type { WeekForecast } from '../forecast/week-forecast';
import { BoundedCache } from './bounded-cache';

const model = forecastModel({ stepMs: HOUR, timeZone: 'Europe/Berlin', trainingWeeks: 3, values: 'count' });
const { values: _kind, ...untyped } = model;
// Five weeks and five days, with single gaps and a hole of two days.
const steps = changed(shopCounts({ stepMs: HOUR, days: 5 * 7 + 5.4 }), (value, index) =>
  index % 89 === 0 || (index > 400 && index < 448) ? Number.NaN : value,
);
const all = Float64Array.from(steps.values);
const untilMs = steps.startMs + all.length * HOUR;

function job(over: Partial<FitJob> = {}, values = all): FitJob {
  return {
    model: untyped,
    unknownKind: 'amount',
    steps: { startMs: steps.startMs, values },
    learnFromMs: 0,
    fillZero: false,
    fromMs: untilMs - 9 * DAY,
    horizonMs: DAY,
    ...over,
  };
}

const never = (): boolean => false;
const cacheOf = (bytes = 100 * 1_048_576): BoundedCache<WeekForecast> =>
  new BoundedCache<WeekForecast>(bytes);
const bits = (numbers: Float64Array): string =>
  createHash('sha256').update(new Uint8Array(numbers.slice().buffer)).digest('hex');
const COLUMNS = ['actual', 'expected', 'lower', 'upper', 'score'] as const;
const bitsOf = (answer: ReturnType<typeof fitSeries>): object => ({
  ...answer,
  ...Object.fromEntries(COLUMNS.map((name) => [name, bits(answer[name])])),
});

describe('a series fitted by weeks', () => {
  it('has the bits of forecastSeries', () => {
    const fitted = fitSeries(job(), cacheOf(), never);
    const whole = forecastSeries(model, steps, untilMs - 9 * DAY, DAY);
    expect(fitted).toMatchObject({
      startMs: whole.startMs,
      closed: whole.closed,
      learning: whole.learning,
      kind: 'count',
    });
    for (const name of COLUMNS) expect([name, bits(fitted[name])]).toEqual([name, bits(whole[name])]);
    expect(fitted.score.some((score) => score !== 0)).toBe(true);
  });

  it('has the same bits whatever the cache holds', () => {
    const cold = bitsOf(fitSeries(job(), cacheOf(), never));
    const warm = cacheOf();
    for (const length of [all.length - 30, all.length - 7, all.length - 20, all.length]) {
      fitSeries(job({}, all.slice(0, length)), warm, never);
    }
    fitSeries(job({ fromMs: steps.startMs, horizonMs: 0 }), warm, never);
    expect(bitsOf(fitSeries(job(), warm, never))).toEqual(cold);
    expect(bitsOf(fitSeries(job(), warm, never))).toEqual(cold);
    const shorter = job({}, all.slice(0, all.length - 5));
    expect(bitsOf(fitSeries(shorter, warm, never))).toEqual(bitsOf(fitSeries(shorter, cacheOf(), never)));
  });

  it.each([
    ['in the newest week', 6],
    ['in a week before', 8 * 24],
  ])('is fitted again after a correction %s', (_, back) => {
    const warm = cacheOf();
    const before = fitSeries(job(), warm, never);
    const corrected = all.slice();
    corrected[all.length - back] = 999;
    const after = fitSeries(job({}, corrected), warm, never);
    expect(bitsOf(after)).toEqual(bitsOf(fitSeries(job({}, corrected), cacheOf(), never)));
    expect(bits(after.score)).not.toBe(bits(before.score));
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(bitsOf(fitSeries(job(), warm, never))).toEqual(bitsOf(before));
  });

  it('does not depend on how far back was read', () => {
    const needed = historyNeededFrom(model, untilMs - 9 * DAY);
    const dropped = Math.ceil((needed - steps.startMs) / HOUR);
    expect(dropped).toBeGreaterThan(10);
    const part = job({ steps: { startMs: steps.startMs + dropped * HOUR, values: all.slice(dropped) } });
    expect(bitsOf(fitSeries(part, cacheOf(), never))).toEqual(bitsOf(fitSeries(job(), cacheOf(), never)));
  });

  it('counts gaps as 0 where they count so, but not before the first value', () => {
    const values = all.slice();
    values.fill(Number.NaN, 0, 50);
    const filled = fitSeries(job({ fillZero: true }, values), cacheOf(), never);
    const asZero = values.map((value, index) => (index >= 50 && Number.isNaN(value) ? 0 : value));
    expect(bitsOf(filled)).toEqual(bitsOf(fitSeries(job({}, asZero), cacheOf(), never)));
    expect(bits(filled.actual)).not.toBe(bits(fitSeries(job({}, values), cacheOf(), never).actual));
  });

  it('answers what it may not learn from, without expecting anything', () => {
    const learnFromMs = untilMs - 24 * HOUR;
    const fitted = fitSeries(job({ learnFromMs }), cacheOf(), never);
    expect(fitted.learning).toMatchObject({ state: 'learning', trainedFromMs: learnFromMs });
    expect(bits(fitted.actual)).toBe(bits(fitSeries(job(), cacheOf(), never).actual));
    expect(fitted.expected.every(Number.isNaN)).toBe(true);
  });

  it('ends between two weeks when its caller is gone', () => {
    let weeks = 0;
    expect(() => fitSeries(job({ fromMs: steps.startMs }), cacheOf(), () => ++weeks > 2)).toThrow(
      FitCancelledError,
    );
    expect(weeks).toBe(3);
  });
});

describe('the cache of weeks', () => {
  it('keeps to its bytes, the most recently used weeks in it', () => {
    const needed = cacheOf();
    fitSeries(job({ fromMs: steps.startMs }), needed, never);
    const small = cacheOf(needed.bytes / 2);
    const first = bitsOf(fitSeries(job({ fromMs: steps.startMs }), small, never));
    expect(small.bytes).toBeGreaterThan(0);
    expect(small.bytes).toBeLessThanOrEqual(needed.bytes / 2);
    expect(bitsOf(fitSeries(job({ fromMs: steps.startMs }), small, never))).toEqual(first);
  });

  it('keeps nothing that is larger than itself', () => {
    const tiny = cacheOf(10);
    fitSeries(job(), tiny, never);
    expect(tiny.bytes).toBe(0);
  });
});
