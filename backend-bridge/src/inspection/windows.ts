import { durationText } from '../domain/duration-text';
import { calendarOf } from './calendar';
import { because, nearlyAll, unsure, type Note } from './sample';
import { distinct, frequencies, gcd, gridOf, type Grid } from './spacing';

/** One record's window, as far as it is in the record. */
export interface SeenWindow {
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** The record's timestamp; -1: none. */
  readonly timestampMs: number;
  /** Its series, as text. */
  readonly series: string;
}

export type CalendarUnit = 'day' | 'week' | 'month';

export type WindowGuess =
  | {
      readonly type: 'tumbling';
      readonly sizeMs: number;
      /** `any`: each series begins at a time of its own. */
      readonly offsetMs: number | 'any';
    }
  | { readonly type: 'sliding'; readonly sizeMs: number }
  | {
      readonly type: 'hopping';
      readonly sizeMs: number;
      readonly advanceMs: number;
      readonly offsetMs: number;
    }
  | {
      readonly type: 'cumulating';
      readonly sizeMs: number;
      readonly stepMs: number;
      readonly offsetMs: number;
    }
  | { readonly type: 'session'; readonly gapMs: number }
  | { readonly type: 'calendar'; readonly unit: CalendarUnit; readonly timezone: string };

export interface DetectedWindow {
  readonly window: WindowGuess;
  readonly notes: readonly Note[];
}

/** Windows that nothing shows the size of. */
const DEFAULT_SIZE_MS = 60_000;
/** Sizes that are tried where the sample has one window. */
const USUAL_SIZES_MS = [60_000, 300_000, 600_000, 900_000, 3_600_000];
const DEFAULT_GAP_MS = 30 * 60_000;
/** Starts closer together are on no grid. */
const SHORTEST_ADVANCE_MS = 1_000;
/** A grid that fewer times lie on may be coarser than the stream's. */
const SURE_TIMES = 5;

const few = (grid: Grid, what: string): Note[] =>
  grid.times < SURE_TIMES
    ? [unsure(`only ${grid.times} different ${what}${grid.times === 1 ? ' is' : 's are'} in the sample`)]
    : [];

const damaged = ({ outside }: Grid): Note[] =>
  outside > 0 ? [unsure(`${outside} starts do not fit and would be dead letters`)] : [];

/** Windows of one length whose starts are not on a grid, or on a different one for each series. */
function looseWindow(sizeMs: number, seen: readonly SeenWindow[], length: Note): DetectedWindow {
  const offsets = new Map<string, Set<number>>();
  for (const { series, startMs } of seen) {
    offsets.set(series, (offsets.get(series) ?? new Set()).add(startMs! % sizeMs));
  }
  const own = [...offsets.values()].every((each) => each.size === 1);
  return {
    window: own ? { type: 'tumbling', sizeMs, offsetMs: 'any' } : { type: 'sliding', sizeMs },
    notes: [
      length,
      because(
        own
          ? 'each series has starts of its own, that far apart'
          : 'windows of one series start at any time, as sliding ones do',
      ),
    ],
  };
}

/** Windows of one length: side by side, or overlapping. */
function fixedWindow(sizeMs: number, seen: readonly SeenWindow[]): DetectedWindow {
  const times = seen.map(({ startMs }) => startMs!);
  const what = 'start';
  const calendar = calendarOf(times, [sizeMs]);
  if (calendar !== null) return calendar;
  const grid = gridOf(times);
  const length = because(`the end is always ${durationText(sizeMs)} after the start`);
  const residues = frequencies(distinct(times).map((time) => time % sizeMs));
  if (grid.times < 2 || nearlyAll(residues[0]![1], grid.times)) {
    const offsetMs = residues[0]![0];
    return {
      window: { type: 'tumbling', sizeMs, offsetMs },
      notes: [
        length,
        because(`all ${what}s are multiples of ${durationText(sizeMs)} apart`),
        ...few({ ...grid, outside: 0 }, what),
        ...damaged({ ...grid, outside: grid.times - residues[0]![1] }),
      ],
    };
  }
  if (grid.step < SHORTEST_ADVANCE_MS || (grid.times > SURE_TIMES && sizeMs % grid.step !== 0)) {
    return looseWindow(sizeMs, seen, length);
  }
  return {
    window: { type: 'hopping', sizeMs, advanceMs: grid.step, offsetMs: grid.offset },
    notes: [
      length,
      because(`the ${what}s are multiples of ${durationText(grid.step)} apart, so windows overlap`),
      ...few(grid, what),
      ...damaged(grid),
    ],
  };
}

/** The shortest time between the end of one session and the start of the next of its series; Infinity: never seen. */
function shortestPause(seen: readonly SeenWindow[]): number {
  const bySeries = new Map<string, SeenWindow[]>();
  for (const one of seen) bySeries.set(one.series, [...(bySeries.get(one.series) ?? []), one]);
  let shortest = Number.POSITIVE_INFINITY;
  for (const windows of bySeries.values()) {
    windows.sort((a, b) => a.startMs! - b.startMs!);
    for (const [i, { startMs }] of windows.entries()) {
      const pause = startMs! - (windows[i - 1]?.endMs ?? Number.NEGATIVE_INFINITY);
      if (pause > 0) shortest = Math.min(shortest, pause);
    }
  }
  return shortest;
}

function sessionWindow(seen: readonly SeenWindow[], notes: readonly Note[]): DetectedWindow {
  const lengths = seen.map(({ startMs, endMs }) => endMs! - startMs!);
  const shortest = Math.min(...lengths);
  const often = lengths.filter((length) => length === shortest).length;
  if (shortest >= 1_000 && often > 1 && shortest % 1_000 === 0) {
    return {
      window: { type: 'session', gapMs: shortest },
      notes: [
        ...notes,
        unsure(
          `gap: no session is shorter than ${durationText(shortest)}, and several are that long, as sessions of one event are in Flink`,
        ),
      ],
    };
  }
  const pause = shortestPause(seen);
  const bound = Number.isFinite(pause)
    ? `; it is shorter than ${durationText(pause)}, the shortest pause between two sessions of a series`
    : '';
  return {
    window: { type: 'session', gapMs: Math.min(DEFAULT_GAP_MS, pause) },
    notes: [...notes, unsure(`gap: not in the topic; write the query's${bound}`)],
  };
}

/** Windows with both bounds. */
function boundedWindow(seen: readonly SeenWindow[]): DetectedWindow {
  const starts = seen.map(({ startMs }) => startMs!);
  const lengths = frequencies(seen.map(({ startMs, endMs }) => endMs! - startMs!));
  const [usual, count] = lengths[0]!;
  if (usual > 0 && nearlyAll(count, seen.length)) return fixedWindow(usual, seen);
  const calendar = calendarOf(starts, distinct(lengths.map(([length]) => length)));
  if (calendar !== null) return calendar;
  const longest = Math.max(...lengths.map(([length]) => length));
  const step = lengths.map(([length]) => length).reduce(gcd, 0);
  const grid = gridOf(starts);
  const onGrid = grid.step === 0 || grid.step % longest === 0;
  if (onGrid && step >= 1_000 && step < longest && seen.length > lengths.length) {
    return {
      window: { type: 'cumulating', sizeMs: longest, stepMs: step, offsetMs: starts[0]! % longest },
      notes: [
        because(`windows with one start end ${durationText(step)} apart, up to ${durationText(longest)}`),
        unsure('size: no longer window is in the sample; write the query’s'),
        ...few(grid, 'start'),
      ],
    };
  }
  return sessionWindow(seen, [because('the windows have many lengths and starts')]);
}

/** How far record timestamps lie behind the starts of their windows: Kafka Streams writes the newest event time there. */
function sizeFromTimestamps(seen: readonly SeenWindow[], step: number): DetectedWindow | null {
  const reaches = seen.flatMap(({ startMs, timestampMs }) =>
    timestampMs >= startMs! ? [timestampMs - startMs!] : [],
  );
  if (!nearlyAll(reaches.length, seen.length)) return null;
  const grid = gridOf(seen.map(({ startMs }) => startMs!));
  const longest = reaches.reduce((a, b) => Math.max(a, b));
  const nearest = reaches.reduce((a, b) => Math.min(a, b));
  if (longest < step) {
    return {
      window: { type: 'tumbling', sizeMs: step, offsetMs: grid.offset },
      notes: [
        because(
          `starts are multiples of ${durationText(step)} apart, and no record is stamped later in its window`,
        ),
        ...few(grid, 'start'),
        ...damaged(grid),
      ],
    };
  }
  // Stamped by a clock after the window's end, they say nothing of its size.
  if (nearest >= step) return null;
  const sizeMs = (Math.floor(longest / step) + 1) * step;
  return {
    window: { type: 'hopping', sizeMs, advanceMs: step, offsetMs: grid.offset },
    notes: [
      because(`the starts are multiples of ${durationText(step)} apart`),
      unsure(
        `size: in no record; timestamps reach ${durationText(longest)} behind the start of their window, so it is longer than that: write the query's. If timestamps are not event times, windows may be tumbling, of ${durationText(step)}`,
      ),
      ...few(grid, 'start'),
      ...damaged(grid),
    ],
  };
}

/** Windows with one bound, or none. */
function unboundedWindow(
  seen: readonly SeenWindow[],
  what: 'start' | 'end',
  { named, stamped }: WindowHints,
): DetectedWindow {
  const times = seen.map(({ startMs, endMs }) => (what === 'start' ? startMs : endMs)!);
  const calendar = calendarOf(times, []);
  if (calendar !== null) return calendar;
  const grid = gridOf(times);
  const offsetOf = (sizeMs: number): number => (times[0] ?? 0) % sizeMs;
  if (named !== null && (grid.step === 0 || grid.step % named === 0)) {
    return {
      window: { type: 'tumbling', sizeMs: named, offsetMs: offsetOf(named) },
      notes: [
        because(`the topic's name speaks of ${durationText(named)}, and the ${what}s fit`),
        unsure('size: in no record; compare it with the query'),
      ],
    };
  }
  if (named !== null && grid.times >= SURE_TIMES && named > grid.step && named % grid.step === 0) {
    return {
      window: { type: 'hopping', sizeMs: named, advanceMs: grid.step, offsetMs: grid.offset },
      notes: [
        unsure(
          `the topic's name speaks of ${durationText(named)}, and the ${what}s are multiples of ${durationText(grid.step)} apart, so windows overlap; if they do not, say \`type: tumbling, size: ${durationText(grid.step)}\``,
        ),
        ...damaged(grid),
      ],
    };
  }
  if (grid.step === 0) {
    const reach = Math.max(0, ...seen.map(({ timestampMs }) => timestampMs - times[0]!));
    const sizeMs = USUAL_SIZES_MS.find((size) => size > reach && times[0]! % size === 0) ?? DEFAULT_SIZE_MS;
    return {
      window: { type: 'tumbling', sizeMs, offsetMs: offsetOf(sizeMs) },
      notes: [unsure(`size: nothing shows it, because the sample has only one window; write the query's`)],
    };
  }
  const sized = stamped ? sizeFromTimestamps(seen, grid.step) : null;
  if (sized !== null) return sized;
  return {
    window: { type: 'tumbling', sizeMs: grid.step, offsetMs: grid.offset },
    notes: [
      because(`the ${what}s are multiples of ${durationText(grid.step)} apart`),
      unsure(
        'size: in no record; if windows overlap, say `type: hopping`, this as `advance`, and the query’s size',
      ),
      ...few(grid, what),
      ...damaged(grid),
    ],
  };
}

/** Flink's window_time is the last millisecond of a window. */
function withWholeEnds(seen: readonly SeenWindow[]): SeenWindow[] {
  const last = seen.filter(({ endMs }) => endMs !== undefined && endMs % 1_000 === 999);
  const ended = seen.filter(({ endMs }) => endMs !== undefined);
  if (!nearlyAll(last.length, ended.length)) return [...seen];
  return seen.map((one) => (one.endMs === undefined ? one : { ...one, endMs: one.endMs + 1 }));
}

/** What is known besides the records' windows. */
export interface WindowHints {
  /** A duration in the topic's name; null: none. */
  readonly named: number | null;
  /** Timestamps are the newest event times in the windows, as Kafka Streams writes them. */
  readonly stamped: boolean;
}

/** The kind of the windows, from the distances of their starts and ends. */
export function detectWindow(written: readonly SeenWindow[], hints: WindowHints): DetectedWindow {
  const { named } = hints;
  const seen = withWholeEnds(written);
  const bounded = seen.filter(({ startMs, endMs }) => startMs !== undefined && endMs !== undefined);
  if (bounded.length > 0) return boundedWindow(bounded);
  const started = seen.filter(({ startMs }) => startMs !== undefined);
  if (started.length > 0) return unboundedWindow(started, 'start', hints);
  const ended = seen.filter(({ endMs }) => endMs !== undefined);
  if (ended.length > 0) return unboundedWindow(ended, 'end', hints);
  const sizeMs = named ?? DEFAULT_SIZE_MS;
  return {
    window: { type: 'tumbling', sizeMs, offsetMs: 0 },
    notes: [
      ...(named === null ? [] : [because(`the topic's name speaks of ${durationText(named)}`)]),
      unsure(
        'size: nothing in the records shows a window; write the interval at which the topic has a value per series',
      ),
    ],
  };
}

/** Windows of a session's key. */
export const detectSession = (seen: readonly SeenWindow[]): DetectedWindow =>
  sessionWindow(
    seen.filter(({ startMs, endMs }) => startMs !== undefined && endMs !== undefined),
    [because('the key has the end of a session')],
  );
