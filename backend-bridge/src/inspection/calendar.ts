import { because, unsure } from './sample';
import { distinct } from './spacing';
import type { CalendarUnit, DetectedWindow } from './windows';

/** Windows of local days, weeks and months: their starts are midnights of a time zone. */

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Tried first, because most jobs run in one of these. */
const USUAL_ZONES = [
  'Europe/Berlin',
  'Europe/London',
  'Europe/Paris',
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Shanghai',
  'Asia/Tokyo',
  'Asia/Singapore',
  'Australia/Sydney',
];
/** Formatting a time takes microseconds, and there are four hundred zones. */
const MOST_STARTS = 24;
const SHOWN_ZONES = 4;

/** The local time of the unit's first moment, as Intl writes it. */
const FIRST: Readonly<Record<CalendarUnit, RegExp>> = {
  day: /00:00:00$/,
  week: /^Mon.*00:00:00$/,
  month: /^\D*01\b.*00:00:00$/,
};

function beginsIn(timezone: string, unit: CalendarUnit): (ms: number) => boolean {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return (ms) => FIRST[unit].test(format.format(ms));
}

/** Some of the times, the first and the last among them. */
function spread(times: readonly number[]): number[] {
  const every = Math.max(1, Math.ceil(times.length / MOST_STARTS));
  return times.filter((_, i) => i % every === 0 || i === times.length - 1);
}

/** Zones in which all these times begin a unit, the usual ones first. */
function zonesOf(times: readonly number[], unit: CalendarUnit): string[] {
  const usual = new Set(USUAL_ZONES);
  const zones = [
    'UTC',
    ...USUAL_ZONES,
    ...Intl.supportedValuesOf('timeZone').filter((zone) => !usual.has(zone)),
  ];
  return zones.filter((zone) => spread(times).every(beginsIn(zone, unit)));
}

/** The unit whose length all these are, an hour more or less; null: none. */
function unitOf(lengths: readonly number[]): CalendarUnit | null {
  const between = (from: number, to: number): boolean =>
    lengths.every((ms) => ms >= from * DAY_MS - HOUR_MS && ms <= to * DAY_MS + HOUR_MS);
  if (lengths.length === 0) return null;
  return between(1, 1) ? 'day' : between(7, 7) ? 'week' : between(28, 31) ? 'month' : null;
}

/**
 * Local days, weeks or months; null when the windows are not. Days and weeks of UTC that windows of one length fit are none
 * either. `lengths`: of windows whose ends are known, ms; empty: the distances of starts are taken.
 */
export function calendarOf(times: readonly number[], lengths: readonly number[]): DetectedWindow | null {
  const starts = distinct(times);
  const distances = starts.slice(1).map((start, i) => start - starts[i]!);
  const unit = unitOf(lengths.length > 0 ? lengths : distances);
  if (unit === null || (unit !== 'month' && starts.every((start) => start % DAY_MS === 0))) return null;
  const zones = zonesOf(starts, unit);
  const [timezone] = zones;
  if (timezone === undefined) return null;
  const moves = new Set(starts.map((start) => start % DAY_MS)).size > 1;
  const others = zones.slice(1, 1 + SHOWN_ZONES).join(', ');
  const reason = moves
    ? `the starts are local ${unit}s where clocks change: not always at one hour of UTC`
    : `the starts are ${unit}s apart, at midnight of a zone`;
  return {
    window: { type: 'calendar', unit, timezone },
    notes: [
      because(reason),
      unsure(
        `timezone: ${zones.length} zones have these midnights${others === '' ? '' : ` (also ${others})`}; write the job's`,
      ),
      ...(moves || unit === 'month'
        ? []
        : [unsure('if the job never changes its clock, its windows are `tumbling` with an `offset`')]),
    ],
  };
}
