import { forecastSeries, type ClosedSteps, type SeriesForecast } from './closed-steps';
import { forecastModel, MAX_HORIZON_MS, type ForecastModel } from './model';
import { changed, DAY, HOUR, MONDAY, shopCounts } from './series.test-support';

const counts = forecastModel({ stepMs: HOUR / 2, values: 'count' });
const PER_DAY = 48;

function lastDayAndNext(model: ForecastModel, steps: ClosedSteps): SeriesForecast {
  return forecastSeries(model, steps, steps.startMs + steps.values.length * model.stepMs - DAY, DAY);
}

function shareInside({ actual, lower, upper, closed }: SeriesForecast): number {
  let inside = 0;
  for (let index = 0; index < closed; index++) {
    if (actual[index]! >= lower[index]! && actual[index]! <= upper[index]!) inside++;
  }
  return inside / closed;
}

describe('a forecast of steady traffic', () => {
  const steps = shopCounts({ stepMs: counts.stepMs, days: 42 });
  const answer = forecastSeries(counts, steps, steps.startMs + 28 * DAY, DAY);

  it('holds about 95 % of the steps, in bands of whole numbers from 0', () => {
    expect(shareInside(answer)).toBeGreaterThan(0.925);
    expect(shareInside(answer)).toBeLessThan(0.985);
    for (const column of [answer.lower, answer.upper]) {
      expect(column.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
    }
  });

  it('is narrower at 80 % and wider at 99 %', () => {
    const width = (interval: number): number => {
      const { lower, upper } = lastDayAndNext({ ...counts, interval }, steps);
      return upper.reduce((sum, value, index) => sum + value - lower[index]!, 0);
    };
    expect(width(0.8)).toBeLessThan(width(0.95));
    expect(width(0.95)).toBeLessThan(width(0.99));
  });

  it('raises no alarm in a fortnight', () => {
    const alarms = answer.score.subarray(0, answer.closed).filter((score) => Math.abs(score) >= 1);
    expect(alarms.length).toBeLessThanOrEqual(2);
  });

  it('flags an outage as below and a surge as above, and not the way back to normal', () => {
    const last = steps.values.length;
    const odd = changed(steps, (value, index) => {
      if (index >= last - 28 && index < last - 24) return 0;
      if (index >= last - 14 && index < last - 10) return 3 * value;
      return value;
    });
    const { score } = lastDayAndNext(counts, odd);
    expect(Math.max(...score.subarray(20, 24))).toBeLessThanOrEqual(-1);
    expect(Math.min(...score.subarray(34, 38))).toBeGreaterThanOrEqual(1);
    for (const at of [24, 25, 26, 27, 38, 39, 40, 41]) expect(Math.abs(score[at]!)).toBeLessThan(1);
  });

  it('forgets an outage of the newest hours, and believes a level that lasts', () => {
    const until = steps.values.length;
    const usual = lastDayAndNext(counts, steps);
    const noon = PER_DAY + 24;
    const outage = lastDayAndNext(
      counts,
      changed(steps, (value, index) => (index >= until - 6 ? 0 : value)),
    );
    expect(outage.expected[noon]! / usual.expected[noon]!).toBeGreaterThan(0.8);
    for (const factor of [3, 10, 0.2]) {
      const shifted = lastDayAndNext(
        counts,
        changed(steps, (value, index) => (index >= until - 5 * PER_DAY ? Math.round(factor * value) : value)),
      );
      expect(shifted.expected[noon]! / (factor * usual.expected[noon]!)).toBeGreaterThan(0.6);
      expect(shifted.expected[noon]! / (factor * usual.expected[noon]!)).toBeLessThan(1.6);
    }
  });
});

describe('a change of scale', () => {
  const series = shopCounts({ stepMs: counts.stepMs, days: 21 });

  it.each(['amount', 'signed'] as const)('of %s values changes every number by the same factor', (values) => {
    const model = { ...counts, values };
    const one = lastDayAndNext(
      model,
      changed(series, (value) => value + 1),
    );
    const four = lastDayAndNext(
      model,
      changed(series, (value) => 4 * (value + 1)),
    );
    for (const column of ['expected', 'lower', 'upper'] as const) {
      expect([...four[column]]).toEqual([...one[column]].map((value) => 4 * value));
    }
    expect([...four.score]).toEqual([...one.score]);
  });

  it('shifts signed values and their band alike', () => {
    const model = { ...counts, values: 'signed' as const };
    const negative = lastDayAndNext(
      model,
      changed(series, (value) => -value),
    );
    const positive = lastDayAndNext(model, series);
    expect(negative.expected[60]!).toBeCloseTo(-positive.expected[60]!, 6);
    expect(Math.min(...negative.lower)).toBeLessThan(0);
  });
});

describe('small counts', () => {
  it('do not alarm on 3 instead of 1', () => {
    const steps = shopCounts({ stepMs: counts.stepMs, days: 30, level: 1.2 });
    const noon = steps.values.length - PER_DAY / 2;
    const { score, lower } = lastDayAndNext(
      counts,
      changed(steps, (value, index) => (index === noon ? 3 : value)),
    );
    expect(score[PER_DAY / 2]!).toBeLessThan(1);
    expect(Math.min(...lower)).toBe(0);
  });
});

describe('learning', () => {
  const days = (count: number, model = counts): SeriesForecast =>
    lastDayAndNext(model, shopCounts({ stepMs: model.stepMs, days: count }));

  it('gives no band before two days, and says how much there is and is needed', () => {
    const { learning, expected, lower, score } = days(1.5);
    expect(learning).toEqual({
      state: 'learning',
      trainedFromMs: MONDAY,
      haveMs: 1.5 * DAY,
      neededMs: 2 * DAY,
      seasons: ['day'],
    });
    expect(expected.every(Number.isNaN) && lower.every(Number.isNaN)).toBe(true);
    expect(score.subarray(0, PER_DAY).every((value) => value === 0)).toBe(true);
  });

  it('is ready after two days, and knows the week after two weeks', () => {
    expect(days(2.5).learning).toMatchObject({ state: 'ready', seasons: ['day'] });
    expect(days(2.5).upper.subarray(PER_DAY).every(Number.isFinite)).toBe(true);
    expect(days(14).learning.seasons).toEqual(['day', 'week']);
  });

  it('waits for two weeks with the weekly pattern', () => {
    const weekly = { ...counts, seasons: 'week' as const };
    expect(days(13, weekly).learning).toMatchObject({ state: 'learning', neededMs: 14 * DAY });
    expect(days(13, weekly).expected.every(Number.isNaN)).toBe(true);
    expect(days(15, weekly).learning.state).toBe('ready');
  });
});

describe('calendar', () => {
  it('expects an office that opens at nine at nine, also after the clocks have changed', () => {
    const model = forecastModel({ stepMs: HOUR, values: 'amount', timeZone: 'Europe/Berlin' });
    const change = Date.UTC(2026, 2, 29);
    const startMs = change - 28 * DAY;
    // Open from 9 to 17 by the wall clock, which is an hour ahead of UTC, two after the change.
    const values = Float64Array.from({ length: 29 * 24 }, (_, index) => {
      const time = startMs + index * HOUR;
      const hour = new Date(time + (time >= change + HOUR ? 2 : 1) * HOUR).getUTCHours();
      return hour >= 9 && hour < 17 ? 100 + (index % 3) : 0;
    });
    const { expected } = forecastSeries(model, { startMs, values }, startMs + 29 * 24 * HOUR, DAY);
    expect(expected[6]!).toBeLessThan(20);
    expect(expected[7]!).toBeGreaterThan(80);
    expect(expected[14]!).toBeGreaterThan(80);
    expect(expected[15]!).toBeLessThan(20);
  });

  it('neither learns from a holiday nor alarms on it', () => {
    const steps = shopCounts({ stepMs: counts.stepMs, days: 28 });
    const closed = changed(steps, (value, index) => (index >= 27 * PER_DAY ? 0 : value));
    const holiday = { ...counts, holidays: ['2026-03-29'] };
    expect(Math.min(...lastDayAndNext(counts, closed).score.subarray(10, PER_DAY))).toBeLessThan(-1);
    expect(
      [...lastDayAndNext(holiday, closed).score.subarray(0, PER_DAY)].every((score) => score === 0),
    ).toBe(true);
  });
});

describe('series that are hardly series', () => {
  const shapes: readonly [string, (index: number) => number][] = [
    ['all zero', () => 0],
    ['constant', () => 103.5],
    ['one point', (index) => (index === 900 ? 5 : Number.NaN)],
    ['without a value', () => Number.NaN],
    ['with days missing', (index) => (index > 200 && index < 700 ? Number.NaN : 10 + (index % 7))],
    ['huge', (index) => 1e15 * (1 + (index % 5))],
    ['tiny', (index) => 1e-12 * (1 + (index % 5))],
    ['a spike of nothing', (index) => (index === 800 ? 1e9 : 0)],
    ['alternating', (index) => (index % 2) * 1e6],
    ['growing', (index) => 1.01 ** index],
  ];

  it.each(
    shapes.flatMap(([name, of]) =>
      (['count', 'amount', 'signed'] as const).map((values) => [name, values, of] as const),
    ),
  )('%s, as %s: every number is bounded or unknown', (_, values, of) => {
    const steps = { startMs: MONDAY, values: Float64Array.from({ length: 960 }, (__, index) => of(index)) };
    const answer = forecastSeries({ ...counts, values }, steps, MONDAY, DAY);
    const most = Math.max(1, ...[...steps.values].filter((value) => !Number.isNaN(value)));
    const wrong = Array.from(answer.expected.keys()).filter((index) => {
      const band = [answer.lower[index]!, answer.expected[index]!, answer.upper[index]!];
      if (band.every(Number.isNaN)) return false;
      return !(band[0]! <= band[2]! && band.every((value) => Math.abs(value) < 1e3 * most));
    });
    expect(wrong).toEqual([]);
    expect(answer.score.subarray(0, answer.closed).every((score) => Number.isFinite(score))).toBe(true);
  });

  it('constant: expected is the constant, and another value an anomaly', () => {
    const steps = { startMs: MONDAY, values: new Float64Array(960).fill(103.5) };
    steps.values[959] = 60;
    const { expected, score, upper } = lastDayAndNext({ ...counts, values: 'signed' }, steps);
    expect(expected[10]!).toBeCloseTo(103.5, 6);
    expect(upper[10]!).toBeCloseTo(103.5, 0);
    expect(score[PER_DAY - 1]!).toBeLessThanOrEqual(-1);
    expect(score[PER_DAY - 2]!).toBeCloseTo(0, 6);
  });

  it.each([3, 12, 103])('constant counts of %d: expected is within its band', (count) => {
    const steps = { startMs: MONDAY, values: new Float64Array(960).fill(count) };
    const { expected, lower, upper } = lastDayAndNext(counts, steps);
    expect(Array.from(expected)).toEqual(Array<number>(2 * PER_DAY).fill(count));
    expect(expected.every((value, row) => lower[row]! <= value && value <= upper[row]!)).toBe(true);
  });

  it('without any step: nothing is expected', () => {
    const answer = forecastSeries(counts, { startMs: MONDAY, values: [] }, MONDAY, DAY);
    expect(answer.closed).toBe(0);
    expect(answer.expected).toHaveLength(PER_DAY);
    expect(answer.expected.every(Number.isNaN)).toBe(true);
    expect(answer.learning).toMatchObject({ state: 'learning', haveMs: 0 });
  });

  it.each([HOUR, 7 * 60_000, DAY])('steps of %d ms: a band as far as forecasts reach', (stepMs) => {
    const model = forecastModel({ stepMs, values: 'count' });
    const steps = shopCounts({ stepMs, days: 15 });
    const answer = forecastSeries(
      model,
      steps,
      steps.startMs + 15 * DAY,
      stepMs === DAY ? MAX_HORIZON_MS : DAY,
    );
    expect(answer.upper.every(Number.isFinite)).toBe(true);
  });
});
