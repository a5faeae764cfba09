import { alignUp, type TimeRange } from './ladder';
import type { Metric } from './metric';
import { isStepped } from './plan';
import type { Plan } from './query-answer';
import { longestMs, offsetOf, usualDistanceMs } from './windows';

/** Window starts to read for a requested range. All times in milliseconds. */

const DAY_MS = 86_400_000;

/** Window starts in [fromMs, toMs). */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The first start of a step that is completely within the retention. */
function retentionCut(metric: Metric, nowMs: number): number {
  const { window, retentionMs } = metric;
  // A session begins an unknown time before it ends; the store cuts by its end.
  if (window.type === 'session') return nowMs - retentionMs - Math.max(retentionMs, DAY_MS);
  return nowMs - retentionMs - longestMs(window) + 1;
}

/**
 * The range without times that cannot have points: before the retention, or more than a day ahead. @param keptFromMs
 * start of the history, for a plan that is answered from steps
 */
export function clipRange(metric: Metric, range: TimeRange, nowMs: number, keptFromMs?: number): Span {
  return {
    fromMs: Math.max(0, range.fromMs, keptFromMs ?? retentionCut(metric, nowMs)),
    toMs: Math.min(range.toMs, nowMs + DAY_MS + metric.window.sizeMs),
  };
}

/**
 * What to read for the points whose time lies in the range: a step is shown if its start does, and then with all
 * its windows; a step that begins before the retention's cut is left out. Null: nothing. Steps are shown at the start
 * of their first window, and read from the multiple of the step before it.
 */
export function readSpan(plan: Plan, range: TimeRange, nowMs: number, keptFromMs?: number): Span | null {
  const clipped = clipRange(plan.metric, range, nowMs, keptFromMs);
  const offsetMs = offsetOf(plan.metric.window);
  const span = isStepped(plan)
    ? {
        fromMs: Math.max(0, alignUp(clipped.fromMs - offsetMs, plan.stepMs)),
        toMs: Math.max(0, alignUp(clipped.toMs - offsetMs, plan.stepMs)),
      }
    : clipped;
  return span.fromMs < span.toMs ? span : null;
}

/** Spans over these point times; near ones are read together, as a read costs more than some extra points. */
export function spansOver(plan: Plan, times: readonly number[], nowMs: number, keptFromMs?: number): Span[] {
  const { window } = plan.metric;
  const length = isStepped(plan) ? plan.stepMs : 1;
  const near = 60 * Math.max(usualDistanceMs(window), plan.stepMs);
  const before = isStepped(plan) ? offsetOf(window) : 0;
  const all = readSpan(plan, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, nowMs, keptFromMs);
  const spans: { fromMs: number; toMs: number }[] = [];
  if (all === null) return spans;
  for (const shown of [...new Set(times)].sort((a, b) => a - b)) {
    const time = shown - before;
    if (time < all.fromMs || time >= all.toMs) continue;
    const last = spans.at(-1);
    if (last !== undefined && time - last.toMs <= near) last.toMs = time + length;
    else spans.push({ fromMs: time, toMs: time + length });
  }
  return spans;
}

/** Estimated points per series in a span, for the size of reads. */
export function expectedPoints(metric: Metric, spans: readonly Span[], distanceMs?: number): number {
  const { window } = metric;
  const distance = distanceMs ?? usualDistanceMs(window);
  return spans.reduce((sum, span) => sum + Math.ceil((span.toMs - span.fromMs) / distance), 0);
}

/** Most points in the first part of a search. */
const FIRST_PART_POINTS = 100_000;
const FIRST_PART_WINDOWS = 60;

/**
 * Splits a span into parts from its end backwards, each twice as long as the last, as mostly the newest is needed.
 * @param series number of series read, which limits the size of the first part
 */
export function* partsBackwards(metric: Metric, span: Span, series: number): Generator<Span> {
  const { window } = metric;
  const windows = Math.min(FIRST_PART_WINDOWS, Math.max(1, Math.floor(FIRST_PART_POINTS / series)));
  let length = windows * usualDistanceMs(window);
  for (let toMs = span.toMs; toMs > span.fromMs;) {
    const fromMs = Math.max(span.fromMs, toMs - length);
    yield { fromMs, toMs };
    toMs = fromMs;
    length *= 2;
  }
}
