/** The forecast model of a series, with everything that affects results: equal models and steps give equal bits. */

import { localTime } from '../domain/local-time';
import type { ValueKind } from './values';

const MINUTE = 60_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

/** Weeks of closed steps that a forecast learns from, besides those of the week that it lies in. */
const DEFAULT_TRAINING_WEEKS = 6;
const MAX_TRAINING_WEEKS = 8;
/** `lower` and `upper` of a day ahead are calibrated; further ahead they are those of a day ahead. */
export const MAX_HORIZON_MS = 14 * DAY_MS;
const MIN_INTERVAL = 0.5;
const MAX_INTERVAL = 0.999;

/** `auto`: the day, and the week as far as the data shows one. `day`: all days alike. `week`: nothing before two weeks. */
export type Seasons = 'auto' | 'day' | 'week';

export interface ForecastModel {
  readonly stepMs: number;
  /** IANA name: days begin and shops open by its wall clock. */
  readonly timeZone: string;
  readonly values: ValueKind;
  /** Share of the steps that `lower` to `upper` should hold, 0.5 to 0.999. */
  readonly interval: number;
  readonly seasons: Seasons;
  /** Local dates as `YYYY-MM-DD` that neither teach nor alarm; they are expected to be like Sundays. */
  readonly holidays: readonly string[];
  readonly trainingWeeks: number;
}

/** A refused forecast; the message says what to change. */
export class ForecastRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ForecastRefusedError';
  }
}

/**
 * The model with all defaults.
 * @throws ForecastRefusedError for a value that no forecast can be made with
 */
export function forecastModel(given: Pick<ForecastModel, 'stepMs'> & Partial<ForecastModel>): ForecastModel {
  const model: ForecastModel = {
    timeZone: 'UTC',
    values: 'signed',
    interval: 0.95,
    seasons: 'auto',
    holidays: [],
    trainingWeeks: DEFAULT_TRAINING_WEEKS,
    ...given,
  };
  if (!Number.isInteger(model.stepMs) || model.stepMs < MINUTE || model.stepMs > DAY_MS) {
    refuse(`a forecast needs steps of 1 minute to 1 day; ${model.stepMs} ms is not one`);
  }
  if (!(model.interval >= MIN_INTERVAL && model.interval <= MAX_INTERVAL)) {
    refuse(`interval must be from ${MIN_INTERVAL} to ${MAX_INTERVAL}; ${model.interval} is not`);
  }
  if (
    !Number.isInteger(model.trainingWeeks) ||
    model.trainingWeeks < 1 ||
    model.trainingWeeks > MAX_TRAINING_WEEKS
  ) {
    refuse(`training weeks must be from 1 to ${MAX_TRAINING_WEEKS}; ${model.trainingWeeks} is not`);
  }
  for (const date of model.holidays) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(Date.parse(date))) {
      refuse(`a holiday is a date as 2026-12-24; "${date}" is not`);
    }
  }
  try {
    localTime(model.timeZone);
  } catch {
    refuse(`time zone "${model.timeZone}" is not known; use an IANA name such as Europe/Berlin`);
  }
  return model;
}

/** Future steps of a horizon. @throws ForecastRefusedError where it is not positive or too far */
export function horizonSteps(model: ForecastModel, horizonMs: number): number {
  if (!(horizonMs >= 0 && horizonMs <= MAX_HORIZON_MS)) {
    refuse(
      `a forecast reaches at most ${MAX_HORIZON_MS / DAY_MS} days ahead; horizon ${horizonMs} ms does not fit`,
    );
  }
  return Math.floor(horizonMs / model.stepMs);
}

/** Local day numbers (days since 1970 by the wall clock) of the model's holidays. */
export function holidayDays(model: ForecastModel): ReadonlySet<number> {
  return new Set(model.holidays.map((date) => Date.parse(date) / DAY_MS));
}

/** Monday, 5 January 1970, in days since 1970. */
const FIRST_MONDAY = 4;

/** Number of the local week, Monday to Sunday, that `timeMs` lies in. All forecasts of one week share their training. */
export function weekOf(model: ForecastModel, timeMs: number): number {
  const day = Math.floor(localTime(model.timeZone).wallClock(timeMs) / DAY_MS);
  return Math.floor((day - FIRST_MONDAY) / 7);
}

/** A time before which no step is read for forecasts of `timeMs` or later. */
export function historyNeededFrom(model: ForecastModel, timeMs: number): number {
  return timeMs - (model.trainingWeeks + 1) * WEEK_MS - DAY_MS;
}

function refuse(message: string): never {
  throw new ForecastRefusedError(message);
}
