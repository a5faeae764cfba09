import { judge, type Backtest } from './backtest';
import { forecastSeries, type ClosedSteps } from './closed-steps';
import { forecastModel, type ForecastModel } from './model';
import { ANY_ANOMALY, type AnomalyRule } from './rule';
import { changed, DAY, HOUR, MONDAY, shopCounts } from './series.test-support';

const model = forecastModel({ stepMs: HOUR, values: 'count', trainingWeeks: 3 });
const usual = shopCounts({ stepMs: HOUR, days: 35 });
const fromMs = MONDAY + 28 * DAY;

const backtest = (of: ForecastModel, steps: ClosedSteps, from: number, rule: AnomalyRule): Backtest =>
  judge(of, steps, forecastSeries(of, steps, from, 0), rule);

describe('a backtest', () => {
  it('says how good a quiet week was expected, against the week before', () => {
    const result = backtest(model, usual, fromMs, ANY_ANOMALY);
    expect(result.steps).toBe(7 * 24);
    expect(result.coverage).toBeGreaterThan(0.9);
    expect(result.mase).toBeGreaterThan(0.5);
    expect(result.mase).toBeLessThan(0.9);
    expect(result.intervalScore).toBeLessThan(6);
    expect(result.alarmsPerDay).toBeLessThanOrEqual(1 / 7);
  });

  it('says when a rule would have fired, and that a rule for surges would not', () => {
    const outage = 31 * 24 + 12;
    const steps = changed(usual, (value, index) => (index >= outage && index < outage + 3 ? 0 : value));
    const down = { direction: 'down' as const, minChange: 20, forSteps: 2 };
    expect(backtest(model, steps, fromMs, down).alarms).toEqual([
      {
        from: 3 * 24 + 13,
        to: 3 * 24 + 14,
        fromMs: MONDAY + (outage + 1) * HOUR,
        toMs: MONDAY + (outage + 3) * HOUR,
      },
    ]);
    expect(backtest(model, steps, fromMs, { ...down, direction: 'up' }).alarms).toEqual([]);
  });

  it('without history: no figure, and no alarm', () => {
    const result = backtest(model, { startMs: MONDAY, values: [1, 2, 3] }, MONDAY, ANY_ANOMALY);
    expect(result).toMatchObject({ steps: 0, alarms: [], alarmsPerDay: 0 });
    expect(result.mase).toBeNaN();
  });
});
