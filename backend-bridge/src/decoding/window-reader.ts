import { durationText } from '../domain/duration-text';
import { localTime, type LocalTime } from '../domain/local-time';
import type { TimeField, TopicMapping } from '../domain/mapping';
import { windowGrid } from '../domain/windows';
import { fieldReader, type FieldReader } from './field-path';
import type { DecodedKey } from './key-decoder';
import type { RawRecord } from './record-decoder';
import { endsWithText, likelyPlainKey } from './likely-format';
import { checkedTime, likelyUnit, MAX_TIME_MS, toTime } from './scalar';
import { insteadOf } from './missing-field';
import { Undecodable } from './undecodable';

/** The window of one record, and the time that moves the watermark. */
export interface RecordWindow {
  startMs: number;
  endMs: number;
  /** `undefined`: the record has none. */
  eventMs: number | undefined;
}

export interface WindowReader {
  /**
   * `value` is null for a tombstone. The object is reused. Throws Undecodable, also for windows that begin later than
   * FUTURE_TOLERANCE_MS after `nowMs`.
   */
  read(record: RawRecord, key: DecodedKey, value: unknown, nowMs: number): RecordWindow;
}

/**
 * How far ahead of the bridge's clock a window may begin, and a session end: as far as brokers let a record's
 * timestamp be by default (`message.timestamp.after.max.ms`). No answer shows a window before its time.
 */
const FUTURE_TOLERANCE_MS = 3_600_000;

type Field = TimeField & { readonly in: 'key' | 'value' };

const iso = (ms: number): string => new Date(ms).toISOString();

/** A time in a field of the key or of the value. */
class MappedTime {
  readonly inValue: boolean;
  readonly path: string;
  private readonly read: FieldReader;
  private readonly zone: LocalTime | null;

  constructor(
    private readonly field: Field,
    private readonly name: string,
  ) {
    this.inValue = field.in === 'value';
    this.path = field.path.join('.');
    this.read = fieldReader(field.path);
    this.zone = field.timeZone === undefined ? null : localTime(field.timeZone);
  }

  /** `undefined`: absent. Throws Undecodable for values that are not times. */
  find(key: DecodedKey, value: unknown): number | undefined {
    const { unit } = this.field;
    return toTime(
      this.read(this.inValue ? value : key.content),
      unit,
      `${this.name} ${this.path}`,
      this.zone,
    );
  }

  /** Throws Undecodable when it is missing. */
  get(key: DecodedKey, value: unknown): number {
    const at = this.find(key, value);
    if (at !== undefined) return at;
    const where = insteadOf(this.inValue ? value : key.content, this.field.path);
    throw new Undecodable('missing_field', `the ${this.field.in} has no ${this.name} ${this.path}${where}`);
  }
}

/** Reads the window bounds of a mapping's records. */
export function createWindowReader(mapping: TopicMapping): WindowReader {
  const { metric, start, end, eventTime } = mapping;
  const startField = start.from === 'field' ? new MappedTime(start, 'window start') : null;
  const endField = end.from === 'field' ? new MappedTime(end, 'window end') : null;
  const eventField = eventTime.from === 'field' ? new MappedTime(eventTime, 'event time') : null;
  const session = metric.window.type === 'session';
  const bounds = { mapping, startField, endField };
  const readBounds = session
    ? sessionBounds(bounds)
    : metric.window.cumulating === undefined
      ? fixedBounds(bounds)
      : cumulatingBounds(bounds);
  // Only a text without a zone does not say which one was meant.
  const local = [start, end].some(
    (time) => time.from === 'field' && time.unit === 'text' && time.timeZone === undefined,
  );

  const readEventTime = (
    record: RawRecord,
    key: DecodedKey,
    { startMs, endMs }: RecordWindow,
    value: unknown,
  ): number | undefined => {
    switch (eventTime.from) {
      case 'timestamp':
        return record.timestampMs >= 0 ? record.timestampMs : undefined;
      case 'start':
        return startMs;
      case 'end':
        return endMs;
      case 'field':
        return value === null ? undefined : eventField!.find(key, value);
    }
  };

  const checkFuture = (atMs: number, nowMs: number): void => {
    if (atMs <= nowMs + FUTURE_TOLERANCE_MS) return;
    const zone = local
      ? '; if its texts are local times, say their zone: `timezone: Asia/Shanghai`, say'
      : '';
    throw new Undecodable(
      'window_in_future',
      `the window ${session ? 'ends' : 'starts'} at ${iso(atMs)}, more than an hour after the bridge's clock (${iso(nowMs)}); is the unit of the time in the mapping right, and the producer's clock?${zone}`,
    );
  };

  const found: RecordWindow = { startMs: 0, endMs: 0, eventMs: undefined };
  return {
    read: (record, key, value, nowMs) => {
      readBounds(record, key, value, found);
      checkFuture(session ? found.endMs : found.startMs, nowMs);
      found.eventMs = readEventTime(record, key, found, value);
      return found;
    },
  };
}

interface Bounds {
  readonly mapping: TopicMapping;
  readonly startField: MappedTime | null;
  readonly endField: MappedTime | null;
}

/** The end and the start of a session, behind its key. */
const SESSION_BYTES = 16;

type ReadBounds = (record: RawRecord, key: DecodedKey, value: unknown, into: RecordWindow) => void;

function keyTime({ key }: RawRecord, ms: number, name: string, suffix: number): number {
  if (!(ms >= 0 && ms <= MAX_TIME_MS) && key !== null && (likelyUnit(ms) === null || endsWithText(key))) {
    throw new Undecodable('bad_time', likelyPlainKey(key, suffix));
  }
  return checkedTime(ms, name);
}

/** The start as written in the record. */
function startReader({
  mapping: { start, metric },
  startField,
}: Bounds): (record: RawRecord, key: DecodedKey, value: unknown) => number {
  const suffix = metric.window.type === 'session' ? SESSION_BYTES : 8;
  return (record, key, value) => {
    if (start.from === 'key') return keyTime(record, key.startMs, 'the window start in the key', suffix);
    if (startField === null) {
      if (value === null) {
        throw new Undecodable(
          'tombstone_incomplete',
          'a tombstone does not contain its window: the window start is the timestamp of the record that it removes',
        );
      }
      return checkedTime(record.timestampMs, "the record's timestamp");
    }
    if (startField.inValue && value === null) {
      throw new Undecodable(
        'tombstone_incomplete',
        `a tombstone has no value, and the window start is its field ${startField.path}; map the start from the key`,
      );
    }
    return startField.get(key, value);
  };
}

function endFromTombstone(endField: MappedTime, what: string): Undecodable {
  return new Undecodable(
    'tombstone_incomplete',
    `a tombstone has no value, and the ${what} is its field ${endField.path}; map the end from the key`,
  );
}

function sessionBounds(bounds: Bounds): ReadBounds {
  const { endField } = bounds;
  const readStart = startReader(bounds);
  return (record, key, value, into) => {
    const startMs = readStart(record, key, value);
    if (endField !== null && endField.inValue && value === null)
      throw endFromTombstone(endField, "session's end");
    const endMs =
      endField === null
        ? keyTime(record, key.endMs, 'the window end in the key', SESSION_BYTES)
        : endField.get(key, value);
    if (endMs < startMs)
      throw new Undecodable(
        'window_end',
        `the window ends at ${iso(endMs)}, before its start ${iso(startMs)}`,
      );
    into.startMs = startMs;
    into.endMs = checkedTime(endMs, 'the window end');
  };
}

/** Windows of a grid: the record's start or end must be on the grid. */
function fixedBounds(bounds: Bounds): ReadBounds {
  const { mapping, endField } = bounds;
  const { window } = mapping.metric;
  const grid = windowGrid(window);
  const readStart = startReader(bounds);
  const fromTimestamp = mapping.start.from === 'timestamp';

  const startFromEnd = (key: DecodedKey, value: unknown): number => {
    if (endField!.inValue && value === null) throw endFromTombstone(endField!, "window's end");
    const at = endField!.get(key, value);
    const startMs = grid.startBefore(at);
    if (endsWith(grid, startMs, at)) return startMs;
    // Flink's window_time is the last millisecond of a window.
    const last = grid.startBefore(at + 1);
    if (endsWith(grid, last, at + 1)) return last;
    throw misaligned(`the window ends at ${iso(at)}, so it starts at ${iso(startMs)}`, grid.misfit(startMs));
  };

  return (record, key, value, into) => {
    let startMs: number;
    if (mapping.start.from === 'end') startMs = startFromEnd(key, value);
    else {
      const at = readStart(record, key, value);
      startMs = fromTimestamp ? grid.startAt(at) : at;
      const misfit = grid.misfit(startMs);
      if (misfit !== null) throw misaligned(`the window starts at ${iso(startMs)}`, misfit);
    }
    const endMs = grid.endOf(startMs);
    into.startMs = startMs;
    into.endMs = endMs;
    if (endField === null || mapping.start.from === 'end' || (endField.inValue && value === null)) return;
    const written = endField.get(key, value);
    if (written <= startMs) {
      const where = written < startMs ? `at ${iso(written)}, before its start` : 'at its start,';
      throw new Undecodable('window_end', `the window ends ${where} ${iso(startMs)}`);
    }
    if (written === endMs || written === endMs - 1) return;
    const size = window.calendar === undefined ? `${window.sizeMs} ms` : `${endMs - startMs} ms`;
    throw new Undecodable(
      'window_end',
      `the window is ${written - startMs} ms long, the mapping says ${size}; one of them is wrong: if all are as long, say \`size: ${durationText(written - startMs)}\``,
    );
  };
}

function endsWith(grid: ReturnType<typeof windowGrid>, startMs: number, endMs: number): boolean {
  return grid.misfit(startMs) === null && grid.endOf(startMs) === endMs;
}

function misaligned(seen: string, why: string | null): Undecodable {
  return new Undecodable('window_misaligned', why === null ? seen : `${seen}; ${why}`);
}

/** Of a cumulating window the point is the step at its end. */
function cumulatingBounds(bounds: Bounds): ReadBounds {
  const { mapping, endField } = bounds;
  const { window } = mapping.metric;
  const { sizeMs, offsetMs } = window.cumulating!;
  const steps = windowGrid(window);
  const whole = windowGrid({ ...window, sizeMs, advanceMs: sizeMs, offsetMs });
  const readStart = startReader(bounds);
  const hasStart = mapping.start.from !== 'end';
  return (record, key, value, into) => {
    if (endField!.inValue && value === null) throw endFromTombstone(endField!, "window's end");
    const at = endField!.get(key, value);
    // Flink's window_time is the last millisecond of a window.
    const endMs = steps.misfit(at + 1) === null ? at + 1 : at;
    const misfit = steps.misfit(endMs);
    if (misfit !== null) throw misaligned(`the window ends at ${iso(at)}`, misfit);
    if (hasStart) {
      const startMs = readStart(record, key, value);
      const wrongStart = whole.misfit(startMs);
      if (wrongStart !== null) throw misaligned(`the window starts at ${iso(startMs)}`, wrongStart);
      if (endMs <= startMs || endMs > startMs + sizeMs) {
        throw new Undecodable(
          'window_end',
          `the window is ${endMs - startMs} ms long; the mapping says that it grows up to ${durationText(sizeMs)}`,
        );
      }
    }
    into.startMs = endMs - window.sizeMs;
    into.endMs = endMs;
  };
}
