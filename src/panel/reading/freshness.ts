import { dateMath, type TimeRange, type TimeZone } from '@grafana/data';
import { t } from '../../locales/translate';
import type { StreamKpiFrameMeta } from '../../frames/frame-meta';

/** Rules by which a number counts as old. */
export interface FreshnessRules {
  /** Missed windows that are tolerated; 0: nothing is ever old. */
  readonly staleAfter: number;
  /** Where the shown range ends, if it does not move on with the clock; null: it ends now or later. */
  readonly rangeEnd: number | null;
}

/**
 * From which clock on the number of a window is old: its end, the grace, and the tolerated windows have passed.
 * Null: never, or nothing is known of its windows.
 */
export function staleFrom(
  windowStart: number | null,
  meta: StreamKpiFrameMeta | undefined,
  rules: FreshnessRules,
): number | null {
  const window = meta?.window_ms;
  if (windowStart === null || window === undefined || window <= 0 || rules.staleAfter <= 0) return null;
  const from = windowStart + window + (meta?.grace_ms ?? 0) + rules.staleAfter * window;
  // A range that ended before cannot show anything newer.
  return rules.rangeEnd !== null && rules.rangeEnd <= from ? null : from;
}

/** The end of a range as it lies now; null for one that ends at `now`. `now/d` is the end of the time zone's day. */
export function fixedRangeEnd(range: TimeRange, timeZone: TimeZone): number | null {
  if (typeof range.raw.to !== 'string') return range.to.valueOf();
  if (range.raw.to.trim() === 'now') return null;
  const parsed = dateMath.parse(range.raw.to, true, timeZone);
  return parsed?.isValid() === true ? parsed.valueOf() : range.to.valueOf();
}

/** `90 s`, `5 min`, `1.5 h`, `2 d`: a length of time for people. */
export function spanText(ms: number): string {
  const tenths = (size: number): { length: number } => ({ length: Math.round((ms / size) * 10) / 10 });
  const fits = (size: number): boolean => ms >= size && (ms % size === 0 || ms >= 2 * size);
  if (fits(86_400_000)) return t('length.days', '{{length, number}} d', tenths(86_400_000));
  if (fits(3_600_000)) return t('length.hours', '{{length, number}} h', tenths(3_600_000));
  if (fits(60_000)) return t('length.minutes', '{{length, number}} min', tenths(60_000));
  if (ms >= 1000) return t('length.seconds', '{{length, number}} s', tenths(1000));
  return t('length.milliseconds', '{{length, number}} ms', { length: Math.round(ms) });
}
