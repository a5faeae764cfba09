import type { Metric } from './metric';
import { RequestError } from './errors';
import type { Warning } from './selection';
import { isIrregular } from './windows';

/** The steps to which a metric's points can be combined over time. Times in integer milliseconds. */

/** Allowed numbers of windows per step. */
export const LADDER: readonly number[] = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440];

/** Largest absolute time of JavaScript dates and of the API. */
export const MAX_TIME_MS = 8_640_000_000_000_000;

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The largest multiple of `step` that is not after `time`. */
export function alignDown(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

/** The smallest multiple of `step` that is not before `time`. */
export function alignUp(time: number, step: number): number {
  return Math.ceil(time / step) * step;
}

/** The metric's steps in milliseconds, ascending; empty for irregular windows, which are not stepped. */
export function stepsOf(metric: Metric): number[] {
  if (isIrregular(metric.window)) return [];
  return LADDER.map((windows) => windows * metric.window.advanceMs);
}

/** Throws `invalid_range` unless both are whole milliseconds from 0 on, and `from` is not after `to`. */
export function checkRange(fromMs: number, toMs: number): TimeRange {
  for (const [name, time] of [
    ['from_ms', fromMs],
    ['to_ms', toMs],
  ] as const) {
    if (!Number.isSafeInteger(time) || time < 0 || time > MAX_TIME_MS) {
      throw new RequestError(
        'invalid_range',
        `${name} must be a whole number of milliseconds from 0 to ${MAX_TIME_MS}; it is ${String(time)}.`,
        { [name]: Number.isFinite(time) ? time : String(time) },
      );
    }
  }
  if (fromMs > toMs) {
    throw new RequestError(
      'invalid_range',
      `The range ends before it begins: from_ms ${fromMs} is after to_ms ${toMs}. Swap them.`,
      { from_ms: fromMs, to_ms: toMs },
    );
  }
  return { fromMs, toMs };
}

function checkPositive(name: 'step_ms' | 'max_points', value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RequestError(
    'invalid_step',
    `${name} must be a whole number from 1 on; it is ${String(value)}.`,
    {
      [name]: Number.isFinite(value) ? value : String(value),
    },
  );
}

export interface ChosenStep {
  /** 0 for irregular windows. */
  readonly stepMs: number;
  readonly warnings: readonly Warning[];
}

function adjusted(askedMs: number, takenMs: number, why: string): Warning {
  return {
    code: 'step_adjusted',
    message: `${why} The step is ${takenMs} ms instead of ${askedMs} ms.`,
    asked_ms: askedMs,
    taken_ms: takenMs,
  };
}

/**
 * The step to take: `stepMs` rounded up to the ladder, else the first with at most `maxPoints` in the range,
 * else the window itself. Past the ladder's end its last step is taken. The count of points is the length of the
 * range by the step, rounded up, so that a range that slides keeps its step. With `maxPoints` only steps are taken that
 * `isKept` for the whole range, where there is one.
 */
export function chooseStep(
  metric: Metric,
  stepMs: number | undefined,
  maxPoints: number | undefined,
  range: TimeRange,
  isKept: (stepMs: number) => boolean = () => true,
): ChosenStep {
  if (stepMs !== undefined) checkPositive('step_ms', stepMs);
  if (maxPoints !== undefined) checkPositive('max_points', maxPoints);
  const steps = stepsOf(metric);
  const longest = steps.at(-1);
  if (longest === undefined) {
    const warnings =
      stepMs === undefined
        ? []
        : [
            adjusted(
              stepMs,
              0,
              metric.window.type === 'session'
                ? `Sessions of "${metric.name}" are not stepped.`
                : `The windows of "${metric.name}" have no fixed distance, so they are not stepped.`,
            ),
          ];
    return { stepMs: 0, warnings };
  }
  if (stepMs !== undefined) {
    const taken = steps.find((step) => step >= stepMs) ?? longest;
    const why = `"${metric.name}" has steps of ${LADDER.join(', ')} windows of ${steps[0]!} ms.`;
    return { stepMs: taken, warnings: taken === stepMs ? [] : [adjusted(stepMs, taken, why)] };
  }
  if (maxPoints === undefined) return { stepMs: steps[0]!, warnings: [] };
  const length = range.toMs - range.fromMs;
  const kept = steps.filter(isKept);
  const choice = kept.length > 0 ? kept : steps;
  return {
    stepMs: choice.find((step) => Math.ceil(length / step) <= maxPoints) ?? choice.at(-1)!,
    warnings: [],
  };
}
