import fc from 'fast-check';
import { forecastSeries, type SeriesForecast } from './closed-steps';
import { forecastModel, historyNeededFrom, weekOf } from './model';
import { changed, DAY, HOUR, MONDAY, shopCounts } from './series.test-support';
import { WarmForecast } from './warm-forecast';

const model = forecastModel({
  stepMs: HOUR / 2,
  values: 'count',
  timeZone: 'Europe/Berlin',
  trainingWeeks: 3,
});
const PER_DAY = 48;
// A Friday evening, with a hole of a day and single gaps before it.
const steps = changed(shopCounts({ stepMs: model.stepMs, days: 4 * 7 + 4.8 }), (value, index) =>
  (index > 500 && index < 550) || index % 97 === 0 ? Number.NaN : value,
);
const length = steps.values.length;

function cold(until: number, values = steps.values): SeriesForecast {
  const fromMs = steps.startMs + (until - PER_DAY) * model.stepMs;
  return forecastSeries(
    model,
    { startMs: steps.startMs, values: Float64Array.from(values).subarray(0, until) },
    fromMs,
    DAY,
  );
}

function fitted(until: number): WarmForecast {
  return new WarmForecast(model, {
    startMs: steps.startMs,
    values: Float64Array.from(steps.values).subarray(0, until),
  });
}

const bits = (numbers: ArrayLike<number>): string =>
  Buffer.from(Float64Array.from(numbers).buffer).toString('hex');

describe('a forecast kept warm', () => {
  it('has the bits of a fit from nothing, wherever the fit ended and whatever was asked in between', () => {
    const whole = cold(length);
    const inWeek = PER_DAY * 4;
    fc.assert(
      fc.property(
        fc.integer({ min: length - inWeek, max: length }),
        fc.integer({ min: 1, max: 40 }),
        (at, every) => {
          const warm = fitted(at);
          const last = [];
          for (let index = at; index < length; index++) {
            if (index % every === 0) {
              warm.band(60);
              warm.preview(1_000_000);
            }
            last.push(warm.append(steps.values[index]!)!);
          }
          expect(bits(warm.band(PER_DAY).upper)).toBe(bits(whole.upper.subarray(PER_DAY)));
          expect(bits(warm.band(PER_DAY).expected)).toBe(bits(whole.expected.subarray(PER_DAY)));
          const shown = last.slice(-PER_DAY);
          const from = PER_DAY - shown.length;
          expect(bits(shown.map((step) => step.score))).toBe(bits(whole.score.subarray(from, PER_DAY)));
          expect(bits(shown.map((step) => step.lower))).toBe(bits(whole.lower.subarray(from, PER_DAY)));
        },
      ),
      {
        numRuns: 12,
        examples: [
          [length - inWeek, 1],
          [length, 1],
          [length - PER_DAY, 7],
        ],
      },
    );
  });

  it.each([
    ['corrected', 400],
    ['removed', Number.NaN],
  ])('has the bits of a fit of the %s steps', (_, value) => {
    const at = length - 20;
    const values = Float64Array.from(steps.values);
    values[at] = value;
    const whole = cold(length, values);
    const warm = fitted(length);
    const revised = warm.correct(steps.startMs + at * model.stepMs, value)!;
    expect(revised.map((step) => step.timeMs)[0]).toBe(steps.startMs + at * model.stepMs);
    expect(bits(revised.map((step) => step.score))).toBe(bits(whole.score.subarray(PER_DAY - 20, PER_DAY)));
    expect(bits(warm.band(PER_DAY).lower)).toBe(bits(whole.lower.subarray(PER_DAY)));
    expect(bits(warm.band(PER_DAY).expected)).not.toBe(bits(cold(length).expected.subarray(PER_DAY)));
  });

  it('takes back what a correction is corrected to again', () => {
    const warm = fitted(length);
    const at = length - 9;
    warm.correct(steps.startMs + at * model.stepMs, 7);
    warm.correct(steps.startMs + at * model.stepMs, steps.values[at]!);
    expect(bits(warm.band(PER_DAY).upper)).toBe(bits(cold(length).upper.subarray(PER_DAY)));
  });

  it('asks for a new fit for a correction of an earlier day, and when its week is over', () => {
    const warm = fitted(length);
    expect(warm.correct(steps.startMs + (length - 5 * PER_DAY) * model.stepMs, 3)).toBeNull();
    let taken = 0;
    while (warm.append(10) !== null) taken++;
    expect(weekOf(model, warm.openMs)).toBe(warm.week + 1);
    expect(taken).toBeGreaterThan(2 * PER_DAY);
    expect(taken).toBeLessThan(3 * PER_DAY);
  });
});

describe('what a forecast depends on', () => {
  it('is not older than the training weeks: a store that dropped them gives the same bits', () => {
    const until = steps.startMs + length * model.stepMs;
    const fromMs = until - 2 * DAY;
    const dropped = Math.ceil((historyNeededFrom(model, fromMs) - steps.startMs) / model.stepMs);
    expect(dropped).toBeGreaterThan(10);
    const kept = {
      startMs: steps.startMs + dropped * model.stepMs,
      values: Float64Array.from(steps.values).subarray(dropped),
    };
    const whole = forecastSeries(model, steps, fromMs, DAY);
    const part = forecastSeries(model, kept, fromMs, DAY);
    expect(part.startMs).toBe(whole.startMs);
    for (const column of ['expected', 'lower', 'upper', 'score'] as const) {
      expect(bits(part[column])).toBe(bits(whole[column]));
    }
  });

  it('is nothing that closed later', () => {
    const until = length - 3 * PER_DAY;
    const early = cold(until);
    const late = forecastSeries(model, steps, steps.startMs + (until - PER_DAY) * model.stepMs, 0);
    for (const column of ['expected', 'lower', 'upper', 'score'] as const) {
      expect(bits(late[column].subarray(0, PER_DAY))).toBe(bits(early[column].subarray(0, PER_DAY)));
    }
  });

  it('is the week that a step lies in: Monday 0:00 by the wall clock', () => {
    expect(weekOf(model, MONDAY - HOUR)).toBe(weekOf(model, MONDAY - HOUR - 1) + 1);
    expect(weekOf(model, MONDAY + 6 * DAY)).toBe(weekOf(model, MONDAY));
  });
});
