import type { SchemaSource } from '../decoding/format';
import { isNow, isText } from '../decoding/likely-format';
import { likelyUnit } from '../decoding/scalar';
import { detectFormat, type DetectedFormat } from './payload-format';
import type { SampledRecord } from '../decoding/topic-sample';
import { because, nearlyAll, notInspectable, unsure, type Note } from './sample';

/** How a topic's keys are written, and the windows in them. */
export interface DetectedKey extends DetectedFormat {
  readonly windowed: 'none' | 'time' | 'session';
  /** By record, ms; `undefined`: not in its key. */
  readonly starts: readonly (number | undefined)[];
  readonly ends: readonly (number | undefined)[];
}

const TIME_BYTES = 8;

/** The 8 bytes that end `before` bytes from the key's end, as a time of today in ms; `undefined` when they are not one. */
function timeAt(key: Buffer | null, before: number): number | undefined {
  const at = (key?.length ?? 0) - before - TIME_BYTES;
  if (key === null || at < 0) return undefined;
  const ms = key.readBigInt64BE(at);
  return isNow(ms) ? Number(ms) : undefined;
}

/** Kafka Streams writes milliseconds; other writers may not. */
function refuseSeconds(keys: readonly Buffer[]): void {
  const inSeconds = keys.filter(
    (key) =>
      key.length >= TIME_BYTES && likelyUnit(Number(key.readBigInt64BE(key.length - TIME_BYTES))) === 's',
  );
  if (nearlyAll(inSeconds.length, keys.length) && !keys.every(isText)) {
    throw notInspectable(
      'The last 8 bytes of the keys look like a time in seconds; a windowed key must hold milliseconds, as Kafka Streams and ksqlDB write it: correct the producer.',
    );
  }
}

interface Layout {
  readonly windowed: DetectedKey['windowed'];
  readonly notes: readonly Note[];
}

function layoutOf(keys: readonly Buffer[]): Layout {
  const timed = keys.filter((key) => timeAt(key, 0) !== undefined);
  if (!nearlyAll(timed.length, keys.length)) {
    const some =
      timed.length * 4 > keys.length
        ? [unsure(`${timed.length} of ${keys.length} keys end with a time`)]
        : [];
    return { windowed: 'none', notes: some };
  }
  const sessions = keys.filter((key) => {
    const end = timeAt(key, TIME_BYTES);
    return end !== undefined && end >= timeAt(key, 0)!;
  });
  if (!nearlyAll(sessions.length, keys.length)) {
    return { windowed: 'time', notes: [because('the last 8 bytes of the keys are the start of a window')] };
  }
  const bare = keys.every((key) => key.length === 2 * TIME_BYTES);
  return {
    windowed: 'session',
    notes: [
      because('the last 16 bytes of the keys are the end and the start of a session'),
      ...(bare
        ? [
            unsure(
              'nothing comes before them; if the first 8 bytes are a number of the key, say `windowed: time` and `format: long`',
            ),
          ]
        : []),
    ],
  };
}

/** Reads the layout and the format of a sample's keys. Throws SchemaNeeded and RequestError. */
export function detectKey(records: readonly SampledRecord[], schemas: SchemaSource | null): DetectedKey {
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]));
  const nothing = records.map(() => undefined);
  if (keys.length === 0) {
    return {
      mapping: { format: 'none' },
      windowed: 'none',
      contents: nothing,
      starts: nothing,
      ends: nothing,
      notes: [because('the records have no keys')],
    };
  }
  refuseSeconds(keys);
  const { windowed, notes } = layoutOf(keys);
  const suffix = windowed === 'none' ? 0 : windowed === 'time' ? TIME_BYTES : 2 * TIME_BYTES;
  const inner = records.map((record) => ({
    record,
    bytes:
      record.key === null || record.key.length < suffix
        ? null
        : record.key.subarray(0, record.key.length - suffix),
  }));
  const starts = records.map(({ key }) => (windowed === 'none' ? undefined : timeAt(key, 0)));
  const ends = records.map(({ key }) => (windowed === 'session' ? timeAt(key, TIME_BYTES) : undefined));
  if (inner.every(({ bytes }) => bytes === null || bytes.length === 0)) {
    return { mapping: { format: 'string' }, windowed, contents: nothing, starts, ends, notes };
  }
  const format = detectFormat(inner, 'key', schemas);
  const missing = records.length - keys.length;
  return {
    ...format,
    windowed,
    starts,
    ends,
    notes: [
      ...notes,
      ...format.notes,
      ...(missing > 0 ? [unsure(`${missing} of ${records.length} records have no key`)] : []),
    ],
  };
}
