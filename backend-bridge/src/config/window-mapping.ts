import { z } from 'zod';
import { durationText } from '../domain/duration-text';
import { localTime } from '../domain/local-time';
import type { Window } from '../domain/metric';
import { CALENDAR_SIZES_MS } from '../domain/windows';
import { duration } from './duration';

/** The `window` of a metric. */

const grace = duration.prefault('0s').describe('How long after its end a window takes late events.');
const offset = duration
  .prefault('0s')
  .describe('When windows begin, counted from the multiples of their distance since 1970 in UTC.');

export const timezone = z
  .string()
  .refine(isTimeZone, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not a zone of the tz database; write e.g. Europe/Berlin or UTC`,
  })
  .describe('A zone of the tz database, e.g. Europe/Berlin.');

const tumbling = z.strictObject({
  type: z.literal('tumbling'),
  size: duration,
  offset: z
    .union([z.literal('any').describe('Series begin at times of their own: no longer steps.'), offset])
    .prefault('0s'),
  grace,
});
const hopping = z.strictObject({
  type: z.literal('hopping'),
  size: duration,
  advance: duration,
  offset,
  grace,
});
const sliding = z.strictObject({
  type: z.literal('sliding'),
  size: duration,
  grace,
});
const cumulating = z.strictObject({
  type: z.literal('cumulating'),
  step: duration,
  size: duration,
  offset,
  grace,
});
const calendar = z.strictObject({
  type: z.literal('calendar'),
  unit: z.enum(['hour', 'day', 'week', 'month']),
  timezone,
  grace,
});
const session = z.strictObject({ type: z.literal('session'), gap: duration, grace });

export const windowSchema = z.discriminatedUnion('type', [
  tumbling,
  hopping,
  session,
  calendar,
  cumulating,
  sliding,
]);

export type WindowEntry = z.output<typeof windowSchema>;

function isTimeZone(name: string): boolean {
  try {
    localTime(name);
    return true;
  } catch {
    return false;
  }
}

const HOUR_MS = 3_600_000;

/** How far the zone's hours are off those of UTC; null where the clocks change by less than an hour. */
function hourOffset(timeZone: string): number | null {
  const zone = localTime(timeZone);
  // Winter and summer of years to come.
  const offsets = [2026, 2036].flatMap((year) =>
    [0, 6].map((month) => {
      const at = Date.UTC(year, month, 1);
      return (((at - zone.wallClock(at)) % HOUR_MS) + HOUR_MS) % HOUR_MS;
    }),
  );
  return offsets.every((one) => one === offsets[0]) ? offsets[0]! : null;
}

function fixed(sizeMs: number, advanceMs: number, graceMs: number, offsetMs: number): Omit<Window, 'type'> {
  return { sizeMs, advanceMs, gapMs: 0, graceMs, ...(offsetMs > 0 && { offsetMs }) };
}

export function toWindow(window: WindowEntry): Window {
  const { grace: graceMs } = window;
  switch (window.type) {
    case 'tumbling':
      return window.offset === 'any'
        ? { type: 'tumbling', ...fixed(window.size, window.size, graceMs, 0), anyStart: true }
        : { type: 'tumbling', ...fixed(window.size, window.size, graceMs, window.offset) };
    case 'hopping':
      return { type: 'hopping', ...fixed(window.size, window.advance, graceMs, window.offset) };
    case 'sliding':
      return { type: 'hopping', ...fixed(window.size, 1, graceMs, 0), anyStart: true };
    case 'cumulating':
      return {
        type: 'tumbling',
        ...fixed(window.step, window.step, graceMs, window.offset % Math.max(1, window.step)),
        cumulating: { sizeMs: window.size, offsetMs: window.offset },
      };
    case 'calendar': {
      const { unit, timezone: timeZone } = window;
      if (unit === 'hour') {
        return { type: 'tumbling', ...fixed(HOUR_MS, HOUR_MS, graceMs, hourOffset(timeZone) ?? 0) };
      }
      const size = CALENDAR_SIZES_MS[unit];
      return { type: 'tumbling', ...fixed(size, size, graceMs, 0), calendar: { unit, timeZone } };
    }
    case 'session':
      return { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: window.gap, graceMs };
  }
}

/** What the window's own settings contradict. */
export function windowProblems(at: string, window: WindowEntry): string[] {
  const problems: string[] = [];
  const positive = (name: string, ms: number): void => {
    if (ms < 1) problems.push(`${at}.${name}: must be longer than 0`);
  };
  const within = (offsetMs: number | 'any', distance: string, distanceMs: number): void => {
    if (offsetMs !== 'any' && offsetMs > 0 && offsetMs >= distanceMs) {
      problems.push(
        `${at}.offset: ${durationText(offsetMs)} is not shorter than the ${distance}, ${durationText(distanceMs)}; write ${durationText(offsetMs % Math.max(1, distanceMs))}`,
      );
    }
  };
  switch (window.type) {
    case 'session':
      positive('gap', window.gap);
      break;
    case 'tumbling':
      positive('size', window.size);
      within(window.offset, 'size', window.size);
      break;
    case 'sliding':
      positive('size', window.size);
      break;
    case 'hopping':
      positive('size', window.size);
      if (window.advance < 1 || window.advance > window.size) {
        problems.push(`${at}.advance: must be longer than 0 and at most the size`);
      }
      within(window.offset, 'advance', window.advance);
      break;
    case 'cumulating':
      positive('step', window.step);
      if (window.step > 0 && (window.size < window.step || window.size % window.step !== 0)) {
        problems.push(
          `${at}.size: ${durationText(window.size)} is not a multiple of the step, ${durationText(window.step)}`,
        );
      }
      within(window.offset, 'size', window.size);
      break;
    case 'calendar':
      if (window.unit === 'hour' && hourOffset(window.timezone) === null) {
        problems.push(
          `${at}.unit: the clocks of ${window.timezone} change by less than an hour, so its hours are not equally long; use type: tumbling with size: 1h, or unit: day`,
        );
      }
  }
  return problems;
}
