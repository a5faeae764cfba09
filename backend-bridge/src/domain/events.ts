import { createHash } from 'node:crypto';
import { RequestError } from './errors';
import { isWindowFinal } from './finality';
import type { Metric } from './metric';
import type { Point } from './point';
import type { Progress } from './progress';
import type { EventEntry } from './query-answer';
import { labelsOf } from './series';

/** Converts points of event metrics to events, one per series and window. */

/**
 * Id of an event, stable across bridges and restarts: the first 128 bits, in hexadecimal, of SHA-256 over the UTF-8 of
 * the JSON `[metric,[[dimension,value],...],start_ms]`, without spaces, dimensions in order of their names.
 */
export function eventId(metric: Metric, values: readonly string[], startMs: number): string {
  const labels = metric.dimensions
    .map(({ name }, index): [string, string] => [name, values[index] ?? ''])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([metric.name, labels, startMs]))
    .digest('hex')
    .slice(0, 32);
}

/** Default message, which names the metric and every dimension. */
function defaultMessage(metric: Metric): string {
  const who = metric.dimensions
    .map(({ title, name }) => ` ${(title || name).toLowerCase()} {${name}}`)
    .join(',');
  return `${metric.title || metric.name} detected${who === '' ? '' : ` for${who}`}: {value} ${(metric.measures[0]?.title ?? 'events').toLowerCase()}`;
}

/** Fills in `{dimension}` and `{value}` once: label values are never read as placeholders. */
export function eventMessage(metric: Metric, values: readonly string[], value: number | null): string {
  const template = metric.event?.message ?? defaultMessage(metric);
  return template.replace(/\{([^{}]+)\}/g, (placeholder, name: string) => {
    if (name === 'value') return value === null ? 'unknown' : String(value);
    const index = metric.dimensions.findIndex((dimension) => dimension.name === name);
    return index < 0 ? placeholder : (values[index] ?? '');
  });
}

/** The event of a point, or of the marker of a removed point, which keeps the last value. */
export function eventOf(
  metric: Metric,
  values: readonly string[],
  point: Point,
  progress: Progress,
): EventEntry {
  const [measured] = point.measures;
  const value = measured !== undefined && Number.isFinite(measured) ? measured : null;
  return {
    id: eventId(metric, values, point.startMs),
    timeMs: point.startMs,
    endMs: point.endMs,
    firstSeenMs: point.firstSeenMs,
    updatedMs: point.updatedMs,
    severity: metric.event?.severity ?? 'warning',
    message: eventMessage(metric, values, value),
    labels: labelsOf(metric, values),
    value,
    revision: point.revision,
    state: point.removed || isWindowFinal(metric, point.endMs, progress) ? 'resolved' : 'open',
  };
}

/** Throws `not_an_event_metric`. */
export function requireEventMetric(metric: Metric): void {
  if (metric.kind === 'event') return;
  throw new RequestError(
    'not_an_event_metric',
    `"${metric.name}" has windows, not events. Use /api/v1/query, or a metric of kind event.`,
    { metric: metric.name },
  );
}
