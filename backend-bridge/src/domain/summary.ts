import { combinesOverTime, windowsOverlap, type Weights } from './combination-rules';
import { settleAverage, emptyPoints, type CombinedPoints } from './combine';
import type { SummaryTotals } from './history/summary-scan';
import type { Measure, Metric } from './metric';
import type { SummarySeries } from './query-answer';
import type { NumberNotes } from './series-answer';
import type { Labels } from './series';
import { isIrregular } from './windows';

/** Summary of a series: last value, change and statistics. */

export interface SummaryRule {
  readonly metric: Metric;
  readonly measure: Measure;
  readonly weights: Weights | null;
  /** Whether several series may be combined. */
  readonly severalSeries: boolean;
  readonly includeOpen: boolean;
  readonly openAfter: number;
  /** Windows before this only serve as `previous`. */
  readonly fromMs: number;
  readonly nowMs: number;
  readonly staleWindows: number;
}

/**
 * Null when no window in the range has a value. `sum` and `avg` are null where the measure has none over time. Of one
 * series, windows with NaN or infinite values count only for `last` and `previous`. Of several combined they count, and
 * what they go into is null, as in a step over the range: sealed steps do not say which windows of a series they are.
 * Averages that cannot be combined count, and make `avg`, or as the last ones `last`, null.
 * @param totals of the whole range, where the metric has a history: then `points` are those that are not sealed
 */
export function summarize(
  labels: Labels,
  points: CombinedPoints,
  rule: SummaryRule,
  notes: NumberNotes,
  totals: SummaryTotals | null = null,
): SummarySeries | null {
  const { metric, measure } = rule;
  const rows: number[] = [];
  for (let row = 0; row < points.times.length; row += 1) {
    if (points.parts[row] === 0 || (!rule.includeOpen && points.ends[row]! > rule.openAfter)) continue;
    rows.push(row);
  }
  const lastRow = rows.at(-1);
  if (lastRow === undefined || points.times[lastRow]! < rule.fromMs) {
    return totals === null ? null : sealedSummary(labels, totals, rule, notes);
  }
  const last = points.parts[lastRow]! < 0 ? null : notes.note(points.values[lastRow]!);
  const previous = previousValue(metric, points, rows);
  const valued = rows.filter((row) => points.times[row]! >= rule.fromMs);
  const counted = rule.severalSeries
    ? valued
    : valued.filter((row) => points.parts[row]! < 0 || Number.isFinite(points.values[row]!));
  const inRange = counted.filter((row) => points.parts[row]! > 0);
  let min: number | null = null;
  let max: number | null = null;
  let sum = 0;
  for (const row of inRange) {
    const value = points.values[row]!;
    min = min === null ? value : Math.min(min, value);
    max = max === null ? value : Math.max(max, value);
    sum += value;
  }
  const lastEnd = points.ends[lastRow]!;
  const windowMs = metric.window.type === 'session' ? metric.window.gapMs : metric.window.sizeMs;
  const adds = combinesOverTime(metric, measure, 'sum') && !windowsOverlap(metric);
  const delta = last === null || previous === null ? null : last - previous;
  notes.noteUncombinable(points.uncombinable);
  const overAll = (which: 'min' | 'max' | 'avg' | 'sum', ofWindows: () => number | null): number | null => {
    if (totals?.[which] !== undefined) return noted(totals[which], notes);
    return totals?.sealed === true ? null : noted(ofWindows(), notes);
  };
  return {
    labels,
    last,
    lastTimeMs: points.times[lastRow]!,
    previous,
    delta: finite(delta),
    min: overAll('min', () => min),
    max: overAll('max', () => max),
    avg: overAll('avg', () => average(points, rule.weights === null ? counted : valued, sum, rule)),
    sum: adds ? overAll('sum', () => (inRange.length === 0 ? null : sum)) : null,
    count: totals === null ? counted.length : totals.count,
    updatedMs: points.updated[lastRow]!,
    open: lastEnd > rule.openAfter,
    stale: rule.nowMs > lastEnd + metric.window.graceMs + rule.staleWindows * windowMs,
  };
}

/** When all windows of the range with a value are sealed, the one before the last is unknown. */
function sealedSummary(
  labels: Labels,
  totals: SummaryTotals,
  rule: SummaryRule,
  notes: NumberNotes,
): SummarySeries | null {
  const { last, count, min, max, sum, avg } = totals;
  if (last === null) return null;
  const { window } = rule.metric;
  const endMs = last.timeMs + window.sizeMs;
  return {
    labels,
    last: last.value === null ? null : notes.note(last.value),
    lastTimeMs: last.timeMs,
    previous: null,
    delta: null,
    min: noted(min ?? null, notes),
    max: noted(max ?? null, notes),
    avg: noted(avg ?? null, notes),
    sum: windowsOverlap(rule.metric) ? null : noted(sum ?? null, notes),
    count,
    updatedMs: endMs,
    open: false,
    stale: rule.nowMs > endMs + window.graceMs + rule.staleWindows * window.sizeMs,
  };
}

/** The value, or null and a note of it when JSON cannot represent it. */
function noted(value: number | null, notes: NumberNotes): number | null {
  return value === null || Number.isFinite(value) ? value : notes.note(value);
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Sessions and sliding windows have no grid: the previous one in time counts. */
function previousValue(metric: Metric, points: CombinedPoints, rows: readonly number[]): number | null {
  const row = rows.at(-2);
  if (row === undefined) return null;
  const last = points.times[rows.at(-1)!]!;
  const { window } = metric;
  if (!isIrregular(window) && last - points.times[row]! !== window.advanceMs) return null;
  if (window.calendar !== undefined && points.ends[row] !== last) return null;
  return finite(points.values[row]!);
}

/** The value that /query returns for one step over these windows. */
function average(
  points: CombinedPoints,
  rows: readonly number[],
  sum: number,
  rule: SummaryRule,
): number | null {
  const [first] = rows;
  if (first === undefined || !combinesOverTime(rule.metric, rule.measure, 'avg')) return null;
  if (rule.weights === null) return sum / rows.length;
  const total = emptyPoints();
  total.values.push(points.values[first]!);
  total.parts.push(0);
  total.sums.push(0);
  total.counts.push(0);
  for (const row of rows) {
    total.parts[0]! += Math.abs(points.parts[row]!);
    total.sums[0]! += points.sums[row]!;
    total.counts[0]! += points.counts[row]!;
  }
  settleAverage(total, 0);
  return total.parts[0]! < 0 ? null : total.values[0]!;
}
