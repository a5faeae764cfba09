import { createHash } from 'node:crypto';
import { firstOfWeek, openFrom, type ClosedSteps, type SeriesForecast } from '../forecast/closed-steps';
import { horizonSteps, weekOf, type ForecastModel } from '../forecast/model';
import { valueKindOf, type ValueKind } from '../forecast/values';
import { WeekForecast } from '../forecast/week-forecast';
import type { BoundedCache } from './bounded-cache';

/** One series to forecast. Plain data, so that it can be sent to a worker thread. */
export interface FitJob {
  readonly model: Omit<ForecastModel, 'values'>;
  /** What a series without a past is taken for. */
  readonly unknownKind: ValueKind;
  /**
   * Closed steps, NaN where one has no value; back to `historyNeededFrom`, or as far as any are kept. They go to a worker
   * thread without a copy where they are in shared memory.
   */
  readonly steps: { readonly startMs: number; readonly values: Float64Array };
  /** Steps before this are answered but not learned from. */
  readonly learnFromMs: number;
  /** From the first step with a value on, one without counts as 0. */
  readonly fillZero: boolean;
  /** First step to answer. */
  readonly fromMs: number;
  readonly horizonMs: number;
}

export interface FittedSeries extends SeriesForecast {
  /** With which value kind the newest week was fitted. */
  readonly kind: ValueKind;
  /** Of the model and of all that the steps ahead depend on. */
  readonly fingerprint: string;
}

/** The caller of a job is gone. */
export class FitCancelledError extends Error {
  override readonly name = 'FitCancelledError';
}

/**
 * `forecastSeries`, week by week, with the weeks that are fitted already. What is cached is found by the very bits that
 * it was fitted from, so an answer never depends on what the cache holds.
 */
export function fitSeries(
  job: FitJob,
  cache: BoundedCache<WeekForecast>,
  cancelled: () => boolean,
): FittedSeries {
  const { steps, fromMs, model } = job;
  const { stepMs } = model;
  const base: ForecastModel = { ...model, values: 'signed' };
  const untilMs = openFrom(base, steps);
  const ahead = horizonSteps(base, job.horizonMs);
  const first = Math.min(steps.values.length, Math.max(0, Math.round((fromMs - steps.startMs) / stepMs)));
  const startMs = steps.startMs + first * stepMs;
  const closed = steps.values.length - first;
  const column = (): Float64Array => new Float64Array(closed + ahead).fill(Number.NaN);
  const columns = { actual: column(), expected: column(), lower: column(), upper: column(), score: column() };
  const lastWeek = weekOf(base, untilMs);
  for (let week = weekOf(base, startMs); week < lastWeek; week++) {
    if (cancelled()) throw new FitCancelledError();
    const part = weekSteps(job, base, week);
    fitWeek(part, model, cache, true).write(columns, part.ownFrom - first);
  }
  if (cancelled()) throw new FitCancelledError();
  // The week of the first open step, which may not have begun: what lies ahead belongs to it.
  const part = weekSteps(job, base, lastWeek);
  const fitted = fitWeek(part, model, cache, false);
  fitted.write(columns, part.ownFrom - first);
  const band = fitted.band(ahead);
  columns.expected.set(band.expected, closed);
  columns.lower.set(band.lower, closed);
  columns.upper.set(band.upper, closed);
  columns.actual.set(shownValues(job).subarray(first));
  return {
    startMs,
    ...columns,
    closed,
    learning: fitted.learning,
    kind: part.kind,
    fingerprint: createHash('sha256').update(part.key).update(bytesOf(part.own)).digest('base64url'),
  };
}

/** The steps as they are answered: gaps are 0 where they count so. */
export function shownValues({ steps, fillZero }: FitJob): Float64Array {
  return fillZero ? withZeros(steps.values) : steps.values;
}

interface WeekSteps {
  readonly training: ClosedSteps & { readonly values: Float64Array };
  /** The week's own steps so far. */
  readonly own: Float64Array;
  /** Index of the first of them among the job's steps. */
  readonly ownFrom: number;
  readonly kind: ValueKind;
  /** Of the model and of all that is learned before the week begins. */
  readonly key: string;
}

/** What the forecasts of one week learn from, and nothing before it: so the bits do not depend on how far back was read. */
function weekSteps(job: FitJob, base: ForecastModel, week: number): WeekSteps {
  const { steps, model } = job;
  const from = firstOfWeek(base, steps, week - model.trainingWeeks);
  const ownFrom = firstOfWeek(base, steps, week);
  const until = firstOfWeek(base, steps, week + 1);
  let learned: Float64Array = steps.values.slice(from, until);
  const unlearned = Math.ceil((job.learnFromMs - steps.startMs) / model.stepMs) - from;
  if (unlearned > 0) learned.fill(Number.NaN, 0, unlearned);
  if (job.fillZero) learned = withZeros(learned);
  const known = learned.findIndex((value) => !Number.isNaN(value));
  const begin = known < 0 ? ownFrom - from : Math.min(known, ownFrom - from);
  const training = {
    startMs: steps.startMs + (from + begin) * model.stepMs,
    values: learned.subarray(begin, ownFrom - from),
  };
  const kind = valueKindOf(training.values, job.unknownKind);
  const key = createHash('sha256')
    .update(JSON.stringify([model, kind, week, training.startMs]))
    .update(bytesOf(training.values))
    .digest('base64url');
  return { training, own: learned.slice(ownFrom - from), ownFrom, kind, key };
}

function fitWeek(
  part: WeekSteps,
  model: FitJob['model'],
  cache: BoundedCache<WeekForecast>,
  over: boolean,
): WeekForecast {
  const { training, own, kind, key } = part;
  const known = cache.get(key);
  const fits = known?.beginsAs(own) === true;
  const week = fits ? known : new WeekForecast({ ...model, values: kind }, training);
  week.takeUpTo(own);
  if (over) week.end();
  // A reading that began before another one may have fewer steps: the longer week stays.
  if (known === undefined || known.length <= week.length) cache.set(key, week, week.bytes);
  return week;
}

/** Zeros for gaps behind the first value. */
function withZeros(values: Float64Array): Float64Array {
  let begun = false;
  return values.map((value) => {
    if (!Number.isNaN(value)) begun = true;
    return begun && Number.isNaN(value) ? 0 : value;
  });
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
