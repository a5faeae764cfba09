import { forecastModel, ForecastRefusedError, horizonSteps } from './model';

describe('a model that no forecast can be made with', () => {
  it.each([
    [{ stepMs: 1_000 }, 'a forecast needs steps of 1 minute to 1 day; 1000 ms is not one'],
    [{ stepMs: 7 * 86_400_000 }, 'a forecast needs steps of 1 minute to 1 day; 604800000 ms is not one'],
    [{ stepMs: Number.NaN }, 'a forecast needs steps of 1 minute to 1 day; NaN ms is not one'],
    [{ stepMs: 60_000, interval: 0 }, 'interval must be from 0.5 to 0.999; 0 is not'],
    [{ stepMs: 60_000, interval: 1 }, 'interval must be from 0.5 to 0.999; 1 is not'],
    [{ stepMs: 60_000, trainingWeeks: 52 }, 'training weeks must be from 1 to 8; 52 is not'],
    [{ stepMs: 60_000, holidays: ['24.12.'] }, 'a holiday is a date as 2026-12-24; "24.12." is not'],
    [
      { stepMs: 60_000, timeZone: 'Berlin' },
      'time zone "Berlin" is not known; use an IANA name such as Europe/Berlin',
    ],
  ])('%j: a sentence', (given, sentence) => {
    expect(() => forecastModel(given)).toThrow(new ForecastRefusedError(sentence));
  });

  it('a horizon of a year: a sentence', () => {
    const model = forecastModel({ stepMs: 60_000 });
    expect(() => horizonSteps(model, 365 * 86_400_000)).toThrow(
      'a forecast reaches at most 14 days ahead; horizon 31536000000 ms does not fit',
    );
    expect(() => horizonSteps(model, Number.NaN)).toThrow('at most 14 days');
    expect(horizonSteps(model, 3_600_000)).toBe(60);
  });
});
