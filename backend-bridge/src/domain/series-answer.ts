import type { CombinedPoints } from './combine';
import { spanMs } from './finality';
import type { TimeRange } from './ladder';
import type { Progress } from './progress';
import type { Plan } from './query-answer';
import type { Span } from './read-span';
import type { ResultSeries, Warning } from './selection';
import type { Labels } from './series';

/** Converts combined points to answers. */

/** Where gaps are filled: steps from `fromMs` on, before `toMs`. */
export interface Fill {
  readonly value: 0 | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly spanMs: number;
}

/** End of gap filling: the watermark, or the time up to which the clock has closed windows. */
export function gapFill(
  plan: Plan,
  fill: 'none' | 'zero' | 'null',
  span: Span,
  range: TimeRange,
  progress: Progress,
  nowMs: number,
): Fill | null {
  if (fill === 'none' || plan.stepMs === 0) return null;
  const reached = Math.max(progress.watermarkMs ?? -1, progress.finalBeforeMs ?? -1);
  return {
    value: fill === 'zero' ? 0 : null,
    fromMs: span.fromMs,
    toMs: Math.min(range.toMs, reached + 1, nowMs + 1),
    stepMs: plan.stepMs,
    spanMs: spanMs(plan),
  };
}

export interface AnswerRule {
  readonly includeOpen: boolean;
  /** Points that end after this are open. */
  readonly openAfter: number;
  readonly revisions: boolean;
  readonly fill: Fill | null;
}

/** Counts of irregular values in an answer, for its warnings. */
export class NumberNotes {
  private unsafe = 0;
  private unrepresentable = 0;
  private uncombinable = 0;

  /** The value, or null when JSON cannot represent it. */
  note(value: number): number | null {
    if (!Number.isFinite(value)) {
      this.unrepresentable += 1;
      return null;
    }
    if ((value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) && Number.isInteger(value)) {
      this.unsafe += 1;
    }
    return value;
  }

  noteUncombinable(count: number): void {
    this.uncombinable += count;
  }

  warnings(): Warning[] {
    const warnings: Warning[] = [];
    if (this.unsafe > 0) {
      warnings.push({
        code: 'unsafe_integer',
        message: `${this.unsafe} values exceed 2^53 and are shown as the nearest double.`,
        count: this.unsafe,
      });
    }
    if (this.unrepresentable > 0) {
      warnings.push({
        code: 'values_unrepresentable',
        message: `${this.unrepresentable} values are NaN or infinite and shown as null.`,
        count: this.unrepresentable,
      });
    }
    if (this.uncombinable > 0) {
      warnings.push({
        code: 'not_combinable',
        message: `${this.uncombinable} points are left out: the records lack the sum or the count behind their average.`,
        count: this.uncombinable,
      });
    }
    return warnings;
  }
}

/** A series of the answer; null when it has neither points nor, with revisions, removals. */
export function seriesAnswer(
  labels: Labels,
  points: CombinedPoints,
  rule: AnswerRule,
  notes: NumberNotes,
): ResultSeries | null {
  const times: number[] = [];
  const values: (number | null)[] = [];
  const revisions: number[] = [];
  const removed: number[] = [];
  const removedRevisions: number[] = [];
  let openFromMs: number | null = null;
  for (let row = 0; row < points.times.length; row += 1) {
    const open = points.ends[row]! > rule.openAfter;
    if (open && !rule.includeOpen) continue;
    const time = points.times[row]!;
    if (points.parts[row]! <= 0) {
      if (rule.revisions) {
        removed.push(time);
        removedRevisions.push(points.revisions[row]!);
      }
      continue;
    }
    times.push(time);
    values.push(notes.note(points.values[row]!));
    if (rule.revisions) revisions.push(points.revisions[row]!);
    if (open) openFromMs ??= time;
  }
  notes.noteUncombinable(points.uncombinable);
  if (times.length === 0 && removed.length === 0) return null;
  const series = { labels, times, values, revisions, removed, removedRevisions, openFromMs };
  return rule.fill === null || times.length === 0 ? series : filled(series, rule, rule.fill);
}

/** Number of points that filling may add to a series, checked before filling. */
export function fillLength(fill: Fill): number {
  return Math.max(0, Math.ceil((fill.toMs - fill.fromMs) / fill.stepMs));
}

function filled(series: ResultSeries, rule: AnswerRule, fill: Fill): ResultSeries {
  const { stepMs } = fill;
  const [first] = series.times;
  if (first === undefined) return series;
  // Windows need not be aligned to the epoch: the grid is that of the points.
  const phase = first % stepMs;
  const times: number[] = [];
  const values: (number | null)[] = [];
  const revisions: number[] = [];
  let openFromMs = series.openFromMs;
  let next = 0;
  const take = (before: number): void => {
    for (; next < series.times.length && series.times[next]! <= before; next += 1) {
      times.push(series.times[next]!);
      values.push(series.values[next]!);
      if (rule.revisions) revisions.push(series.revisions[next]!);
    }
  };
  for (
    let time = Math.ceil((fill.fromMs - phase) / stepMs) * stepMs + phase;
    time < fill.toMs;
    time += stepMs
  ) {
    take(time);
    if (times.at(-1) === time) continue;
    const open = time + fill.spanMs > rule.openAfter;
    if (open && !rule.includeOpen) continue;
    times.push(time);
    values.push(fill.value);
    if (rule.revisions) revisions.push(0);
    if (open) openFromMs = openFromMs === null ? time : Math.min(openFromMs, time);
  }
  take(Number.POSITIVE_INFINITY);
  return { ...series, times, values, revisions, openFromMs };
}
