import { openFrom, type ClosedSteps, type SeriesForecast } from './closed-steps';
import { DAY_MS, WEEK_MS, type ForecastModel } from './model';
import { alarmsOf, ruledScore, type Alarm, type AnomalyRule } from './rule';

/** Accuracy of the expected values and bands of a range, and the alarms that a rule would have raised. */
export interface Backtest {
  /** Steps with a value and a band. */
  readonly steps: number;
  /** Mean absolute error by that of the value a season before (Hyndman and Koehler, 2006). NaN without history. */
  readonly mase: number;
  /** Share of the steps inside their band, 0 to 1. */
  readonly coverage: number;
  /** Mean width plus penalties (Gneiting and Raftery, 2007) by the same scale: smaller is better. */
  readonly intervalScore: number;
  readonly alarms: readonly (Alarm & { readonly fromMs: number; readonly toMs: number })[];
  readonly alarmsPerDay: number;
}

/** @param forecast of the same steps, without a horizon; @param steps also those before it, to measure by */
export function judge(
  model: ForecastModel,
  steps: ClosedSteps,
  { actual, expected, lower, upper, score, startMs }: SeriesForecast,
  rule: AnomalyRule,
): Backtest {
  const penalty = 2 / (1 - model.interval);
  let count = 0;
  let inside = 0;
  let errors = 0;
  let intervals = 0;
  const ruled = new Float64Array(actual.length);
  for (let index = 0; index < actual.length; index++) {
    const value = actual[index]!;
    const [low, high] = [lower[index]!, upper[index]!];
    if (Number.isNaN(value) || Number.isNaN(low)) continue;
    const outside = Math.max(0, low - value, value - high);
    count++;
    if (outside === 0) inside++;
    errors += Math.abs(value - expected[index]!);
    intervals += high - low + penalty * outside;
    ruled[index] = ruledScore(rule, value, expected[index]!, score[index]!);
  }
  const scale = seasonalScale(model, steps, startMs);
  const alarms = alarmsOf(ruled, rule.forSteps).map((alarm) => ({
    ...alarm,
    fromMs: startMs + alarm.from * model.stepMs,
    toMs: startMs + (alarm.to + 1) * model.stepMs,
  }));
  return {
    steps: count,
    mase: errors / count / scale,
    coverage: inside / count,
    intervalScore: intervals / count / scale,
    alarms,
    alarmsPerDay: (alarms.length * DAY_MS) / Math.max(model.stepMs, openFrom(model, steps) - startMs),
  };
}

/** Mean absolute change from the season before, over the steps before `untilMs`: what forecasts are measured by. */
function seasonalScale(model: ForecastModel, steps: ClosedSteps, untilMs: number): number {
  const until = Math.min(steps.values.length, Math.round((untilMs - steps.startMs) / model.stepMs));
  const weekly = model.seasons !== 'day' && until * model.stepMs >= 2 * WEEK_MS;
  const lag = Math.round((weekly ? WEEK_MS : DAY_MS) / model.stepMs);
  let sum = 0;
  let count = 0;
  for (let index = lag; index < until; index++) {
    const change = Math.abs(steps.values[index]! - steps.values[index - lag]!);
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}
