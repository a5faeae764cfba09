import type { TopicMapping } from '../domain/mapping';
import { fieldReader } from './field-path';
import type { DecodedKey } from './key-decoder';
import type { RawRecord } from './record-decoder';
import { likelyPlainKey } from './likely-format';
import { checkedTime, MAX_TIME_MS, toTime } from './scalar';
import { Undecodable } from './undecodable';

/** The window of one record, and the time that moves the watermark. */
export interface RecordWindow {
  startMs: number;
  endMs: number;
  /** `undefined`: the record says none. */
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
export const FUTURE_TOLERANCE_MS = 3_600_000;

const dotted = (path: readonly string[]): string => path.join('.');

/** Where the mapping's windows begin and end. */
export function createWindowReader({ metric, start, end, eventTime }: TopicMapping): WindowReader {
  const { window } = metric;
  const session = window.type === 'session';
  const startField = start.from === 'field' ? fieldReader(start.path) : null;
  const endField = end.from === 'field' ? fieldReader(end.path) : null;
  const eventField = eventTime.from === 'field' ? fieldReader(eventTime.path) : null;

  const suffix = session ? 16 : 8;
  const keyTime = (record: RawRecord, ms: number, name: string): number => {
    if (!(ms >= 0 && ms <= MAX_TIME_MS) && record.key !== null) {
      throw new Undecodable('bad_time', likelyPlainKey(record.key, suffix));
    }
    return checkedTime(ms, name);
  };

  const readStart = (record: RawRecord, key: DecodedKey, value: unknown): number => {
    switch (start.from) {
      case 'key':
        return keyTime(record, key.startMs, 'the window start in the key');
      case 'timestamp': {
        if (value === null) {
          throw new Undecodable(
            'tombstone_incomplete',
            'a tombstone says nothing of its window: the window start comes from the timestamp of the record it takes away',
          );
        }
        const at = checkedTime(record.timestampMs, "the record's timestamp");
        return session ? at : at - (at % window.advanceMs);
      }
      case 'field': {
        if (start.in === 'value' && value === null) {
          throw new Undecodable(
            'tombstone_incomplete',
            `a tombstone has no value, and the window start is its field ${dotted(start.path)}; map the start from the key`,
          );
        }
        const at = toTime(
          startField!(start.in === 'key' ? key.content : value),
          start.unit,
          `window start ${dotted(start.path)}`,
        );
        if (at === undefined)
          throw new Undecodable('missing_field', `the ${start.in} has no window start ${dotted(start.path)}`);
        return at;
      }
    }
  };

  const readEnd = (startMs: number, key: DecodedKey, value: unknown): number => {
    let endMs: number;
    if (end.from === 'key') endMs = key.endMs;
    else if (end.from === 'size') endMs = startMs + window.sizeMs;
    else if (end.in === 'value' && value === null) {
      if (session) {
        throw new Undecodable(
          'tombstone_incomplete',
          `a tombstone has no value, and the session's end is its field ${dotted(end.path)}; map the end from the key`,
        );
      }
      endMs = startMs + window.sizeMs;
    } else {
      const at = toTime(
        endField!(end.in === 'key' ? key.content : value),
        end.unit,
        `window end ${dotted(end.path)}`,
      );
      if (at === undefined)
        throw new Undecodable('missing_field', `the ${end.in} has no window end ${dotted(end.path)}`);
      endMs = at;
    }
    if (endMs < startMs)
      throw new Undecodable('window_end', `the window ends at ${endMs}, before its start ${startMs}`);
    if (session) return checkedTime(endMs, 'the window end');
    if (endMs !== startMs + window.sizeMs) {
      throw new Undecodable(
        'window_end',
        `the window is ${endMs - startMs} ms long, the mapping says ${window.sizeMs} ms; one of them is wrong`,
      );
    }
    return endMs;
  };

  const readEventTime = (
    record: RawRecord,
    startMs: number,
    endMs: number,
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
        return value === null
          ? undefined
          : toTime(eventField!(value), eventTime.unit, `event time ${dotted(eventTime.path)}`);
    }
  };

  const checkFuture = (atMs: number, nowMs: number): void => {
    if (atMs <= nowMs + FUTURE_TOLERANCE_MS) return;
    throw new Undecodable(
      'window_in_future',
      `the window ${session ? 'ends' : 'starts'} at ${new Date(atMs).toISOString()}, more than an hour after the bridge's clock (${new Date(nowMs).toISOString()}); is the unit of the time in the mapping right, and the producer's clock?`,
    );
  };

  const found: RecordWindow = { startMs: 0, endMs: 0, eventMs: undefined };
  return {
    read: (record, key, value, nowMs) => {
      const startMs = readStart(record, key, value);
      if (!session && startMs % window.advanceMs !== 0) {
        throw new Undecodable(
          'window_misaligned',
          `the window starts at ${startMs}, no multiple of ${window.advanceMs} ms; the window's size in the mapping may be wrong`,
        );
      }
      const endMs = readEnd(startMs, key, value);
      checkFuture(session ? endMs : startMs, nowMs);
      found.startMs = startMs;
      found.endMs = endMs;
      found.eventMs = readEventTime(record, startMs, endMs, value);
      return found;
    },
  };
}
