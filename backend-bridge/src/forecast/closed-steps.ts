import { Forecaster, type Band, type ExpectedStep, type Learning } from './forecaster';
import { horizonSteps, weekOf, type ForecastModel } from './model';

/** The closed steps of a series, without a hole in the times: a missing value is NaN. */
export interface ClosedSteps {
  /** Start of the first step. */
  readonly startMs: number;
  readonly values: ArrayLike<number>;
}

/** A series with what was expected of it: index for index, the first step at `startMs`, then one each `stepMs`. */
export interface SeriesForecast {
  readonly startMs: number;
  readonly actual: Float64Array;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly score: Float64Array;
  /** Steps that had closed; those behind them are the future. */
  readonly closed: number;
  readonly learning: Learning;
}

/** Start of the first step that has not closed. */
export function openFrom(model: ForecastModel, steps: ClosedSteps): number {
  return steps.startMs + steps.values.length * model.stepMs;
}

/**
 * Every step from `fromMs` as it was expected before it closed, then the steps ahead up to the horizon. A pure function:
 * what is expected of a step depends on the closed steps before it, back to `historyNeededFrom`, and on nothing else.
 * @param steps from `historyNeededFrom(model, fromMs)` on, or as far back as there are any
 * @param fromMs start of a step, as `steps.startMs` plus whole steps
 * @throws ForecastRefusedError for a horizon that is too far
 */
export function forecastSeries(
  model: ForecastModel,
  steps: ClosedSteps,
  fromMs: number,
  horizonMs: number,
): SeriesForecast {
  const { stepMs } = model;
  const ahead = horizonSteps(model, horizonMs);
  const untilMs = openFrom(model, steps);
  const first = Math.min(steps.values.length, Math.max(0, Math.round((fromMs - steps.startMs) / stepMs)));
  const startMs = steps.startMs + first * stepMs;
  const closed = steps.values.length - first;
  const answer = emptyForecast(closed + ahead);
  for (let week = weekOf(model, startMs); week < weekOf(model, untilMs); week++) {
    foldWeek(model, steps, week, (index, step) => writeStep(answer, index - first, step));
  }
  // The week of the first open step, which may not have begun: what lies ahead belongs to it.
  const forecaster = foldWeek(model, steps, weekOf(model, untilMs), (index, step) =>
    writeStep(answer, index - first, step),
  );
  for (let index = 0; index < closed; index++) answer.actual[index] = steps.values[first + index]!;
  writeBand(answer, closed, forecaster.band(stepTimes(untilMs, ahead, stepMs)));
  return { startMs, ...answer, closed, learning: forecaster.learning };
}

/**
 * Learns what the forecasts of one local week are trained on, and the steps of the week itself.
 * @param visit is called for each closed step of the week, missing ones too
 */
function foldWeek(
  model: ForecastModel,
  steps: ClosedSteps,
  week: number,
  visit: (index: number, step: ExpectedStep) => void,
): Forecaster {
  const forecaster = new Forecaster(model);
  const end = firstOfWeek(model, steps, week + 1);
  const own = firstOfWeek(model, steps, week);
  for (let index = firstOfWeek(model, steps, week - model.trainingWeeks); index < end; index++) {
    const timeMs = steps.startMs + index * model.stepMs;
    const value = steps.values[index]!;
    if (!Number.isNaN(value)) {
      const step = forecaster.take(timeMs, value);
      if (index >= own) visit(index, step);
    } else if (index >= own) visit(index, forecaster.preview(timeMs));
  }
  return forecaster;
}

/** Index of the first step of a local week or a later one. */
export function firstOfWeek(model: ForecastModel, steps: ClosedSteps, week: number): number {
  let low = 0;
  let high = steps.values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (weekOf(model, steps.startMs + middle * model.stepMs) < week) low = middle + 1;
    else high = middle;
  }
  return low;
}

function stepTimes(fromMs: number, count: number, stepMs: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => fromMs + index * stepMs);
}

type Columns = Pick<SeriesForecast, 'actual' | 'expected' | 'lower' | 'upper' | 'score'>;

function emptyForecast(length: number): Columns {
  const unknown = (): Float64Array => new Float64Array(length).fill(Number.NaN);
  return {
    actual: unknown(),
    expected: unknown(),
    lower: unknown(),
    upper: unknown(),
    score: unknown(),
  };
}

function writeStep(columns: Columns, index: number, step: ExpectedStep): void {
  if (index < 0) return;
  columns.expected[index] = step.expected;
  columns.lower[index] = step.lower;
  columns.upper[index] = step.upper;
  columns.score[index] = step.score;
}

function writeBand(columns: Columns, at: number, band: Band): void {
  columns.expected.set(band.expected, at);
  columns.lower.set(band.lower, at);
  columns.upper.set(band.upper, at);
}
