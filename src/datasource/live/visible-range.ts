import { dateMath, dateTime, type TimeRange } from '@grafana/data';
import type { Span } from './point-store';
import type { LiveRequest } from './ports';

const isRelative = (bound: unknown): bound is string => typeof bound === 'string' && bound.includes('now');

/** Nothing new can come into an absolute range that is over, so nothing needs to keep it up to date. */
export const isOver = (range: TimeRange, nowMs: number): boolean =>
  !isRelative(range.raw.to) && range.to.valueOf() <= nowMs;

/** The range as it lies now: relative bounds move with the clock. */
export function rangeNow(range: TimeRange, timezone: string): TimeRange {
  const { from, to } = range.raw;
  return {
    from: (isRelative(from) ? dateMath.parse(from, false, timezone) : undefined) ?? range.from,
    to: (isRelative(to) ? dateMath.parse(to, true, timezone) : undefined) ?? range.to,
    raw: range.raw,
  };
}

export const spanOf = (range: TimeRange): Span => ({
  fromMs: range.from.valueOf(),
  toMs: range.to.valueOf(),
});

/**
 * Milliseconds of the range for each point that its panel has room for, on which the automatic step depends. Rounded:
 * the bounds of a relative range are read one after the other.
 */
export const msPerPoint = ({ range, maxDataPoints = 1 }: LiveRequest): number =>
  Math.round((range.to.valueOf() - range.from.valueOf()) / maxDataPoints);

/** A fixed range over the span. */
export function rangeOver({ fromMs, toMs }: Span): TimeRange {
  const from = dateTime(fromMs);
  const to = dateTime(toMs);
  return { from, to, raw: { from, to } };
}

/** The smallest span that has all of them; undefined where there is none. */
export function union(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined;
  return {
    fromMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...spans.map(({ toMs }) => toMs)),
  };
}
