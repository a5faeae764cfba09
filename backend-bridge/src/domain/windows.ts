import { durationText } from './duration-text';
import { localTime, type LocalTime } from './local-time';
import type { Calendar, CalendarUnit, Window } from './metric';

/** Window starts of a metric. Times in integer milliseconds. */

const DAY_MS = 86_400_000;

export const CALENDAR_SIZES_MS: Readonly<Record<CalendarUnit, number>> = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 31 * DAY_MS,
};

/**
 * Whether windows begin at no fixed distance: sessions, sliding windows, local days. There are no steps of them, and
 * the stores keep the end of each.
 */
export function isIrregular(window: Window): boolean {
  return window.type === 'session' || window.calendar !== undefined || window.anyStart === true;
}

/** Longest window; not for sessions, which are unbounded. */
export function longestMs(window: Window): number {
  return window.calendar === undefined ? window.sizeMs : window.sizeMs + DAY_MS;
}

/** Typical distance of window starts, for the size of reads. */
export function usualDistanceMs(window: Window): number {
  return isIrregular(window) ? Math.max(window.gapMs, window.advanceMs, 1_000) : window.advanceMs;
}

/** Whether one event can be in several points. */
export function overlaps(window: Window): boolean {
  if (window.cumulating !== undefined) return true;
  return window.type === 'hopping' && window.advanceMs < window.sizeMs;
}

export const offsetOf = (window: Window): number => window.offsetMs ?? 0;

/** The grid of a metric's windows; not for sessions, which have none. */
export interface WindowGrid {
  /** The start of the newest window that holds a time. */
  startAt(timeMs: number): number;
  endOf(startMs: number): number;
  /** The start of the window that ends then. */
  startBefore(endMs: number): number;
  /** Why no window begins at a time, as a sentence; null: one does. */
  misfit(startMs: number): string | null;
}

export function windowGrid(window: Window): WindowGrid {
  if (window.calendar !== undefined) return calendarGrid(window.calendar);
  const { sizeMs, advanceMs } = window;
  const offsetMs = offsetOf(window);
  const sized = {
    endOf: (startMs: number) => startMs + sizeMs,
    startBefore: (endMs: number) => endMs - sizeMs,
  };
  if (window.anyStart === true) return { ...sized, startAt: (timeMs) => timeMs, misfit: () => null };
  const past = (timeMs: number): number => (((timeMs - offsetMs) % advanceMs) + advanceMs) % advanceMs;
  return {
    ...sized,
    startAt: (timeMs) => timeMs - past(timeMs),
    misfit: (startMs) => {
      if ((startMs - offsetMs) % advanceMs === 0) return null;
      const which = window.type === 'hopping' ? 'windows that begin every' : 'windows of';
      const declared = offsetMs === 0 ? '' : ` and offset ${durationText(offsetMs)}`;
      return `${which} ${durationText(advanceMs)}${declared} do not begin then: the window's size in the mapping may be wrong, or, if all begin so, say \`offset: ${durationText(startMs % advanceMs)}\``;
    },
  };
}

function calendarGrid({ unit, timeZone }: Calendar): WindowGrid {
  const zone = localTime(timeZone);
  const startAt = (timeMs: number): number => zone.instantOf(unitStart(unit, zone.wallClock(timeMs)));
  return {
    startAt,
    endOf: (startMs) => zone.instantOf(nextUnit(unit, unitStart(unit, zone.wallClock(startMs)))),
    startBefore: (endMs) => startAt(endMs - 1),
    misfit: (startMs) =>
      startAt(startMs) === startMs
        ? null
        : `that is ${wallText(zone, startMs)} in ${timeZone}, where the ${unit} begins at ${wallText(zone, startAt(startMs))}; correct the unit or the timezone`,
  };
}

/** Of wall clocks that read as UTC, as LocalTime gives them. */
function unitStart(unit: CalendarUnit, wallMs: number): number {
  const day = Math.floor(wallMs / DAY_MS);
  switch (unit) {
    case 'day':
      return day * DAY_MS;
    case 'week':
      // 1970 began on a Thursday.
      return (day - ((day + 3) % 7)) * DAY_MS;
    case 'month': {
      const date = new Date(wallMs);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    }
  }
}

function nextUnit(unit: CalendarUnit, startWallMs: number): number {
  if (unit !== 'month') return startWallMs + CALENDAR_SIZES_MS[unit];
  const date = new Date(startWallMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function wallText(zone: LocalTime, timeMs: number): string {
  return new Date(zone.wallClock(timeMs)).toISOString().slice(0, 16).replace('T', ' ');
}
