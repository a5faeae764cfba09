import { createHash } from 'node:crypto';
import type { Metric, Window } from './metric';

/**
 * The part of a metric's definition on which stored points depend, as text; kept by the stores. Excludes titles, units,
 * thresholds and rules over time. The text must be stable across releases: older bridges compare it as a whole.
 */
export function metricShape(metric: Metric): string {
  return JSON.stringify({
    kind: metric.kind,
    topic: metric.topic,
    window: windowShape(metric.window),
    grace: metric.window.graceMs,
    dimensions: metric.dimensions.map((dimension) => dimension.name),
    measures: metric.measures.map((measure) => measure.name),
    retention: metric.retentionMs,
    idle: metric.idleMs,
    finalOnly: metric.finalOnly,
  });
}

/** Digest of what the answers about a metric depend on. Titles, units and thresholds may differ. */
export function answerDigest(metric: Metric): string {
  const { history = [], maxSeries, event, measures } = metric;
  const rules = measures.map(({ combine, sumFrom, countFrom, overTime, optional }) => [
    combine,
    sumFrom,
    countFrom,
    overTime,
    optional,
  ]);
  const text = JSON.stringify([metricShape(metric), history, maxSeries, event, rules]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** What only newer releases know is last, and absent where a window has none of it. */
function windowShape({ type, sizeMs, advanceMs, gapMs, ...other }: Window): unknown[] {
  const { offsetMs, calendar, anyStart, cumulating } = other;
  const places = { offsetMs: offsetMs === 0 ? undefined : offsetMs, calendar, anyStart, cumulating };
  const extra = Object.values(places).some((place) => place !== undefined) ? [places] : [];
  return [type, sizeMs, advanceMs, gapMs, ...extra];
}

/** Settings that may change for stored points; the stores adapt expiry and finality. */
const CHANGEABLE = ['grace', 'retention', 'idle'];

function parse(shape: string): Record<string, unknown> {
  try {
    return JSON.parse(shape) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * The differences between the stored shape and the metrics file's that stored points do not allow, as text; empty when
 * they can be used.
 */
export function forbiddenChanges(stored: string, own: string): string {
  const before = parse(stored);
  const now = parse(own);
  const show = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !CHANGEABLE.includes(name) && show(before[name]) !== show(now[name]))
    .map((name) => `${name} is ${show(before[name])} in the store and ${show(now[name])} in the metrics file`)
    .join('; ');
}

/** Retention and grace of a stored shape, ms. */
export function timesOf(shape: string): { readonly retentionMs: number; readonly graceMs: number } {
  const { retention, grace } = parse(shape);
  return { retentionMs: Number(retention), graceMs: Number(grace) };
}
