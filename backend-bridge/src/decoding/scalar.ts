import type { TimeUnit } from '../domain/mapping';
import type { LocalTime } from '../domain/local-time';
import { UnreadableDecimal } from './decimal';
import { hasFields } from './field-path';
import { Instant } from './instant';
import { Undecodable } from './undecodable';

/** Converts numbers, labels and times of topics to the values of a point. */

/** Unambiguous, so that long non-numeric texts are rejected in linear time. */
const NUMBER_TEXT = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const AVRO_NUMBER_BRANCHES = new Set(['int', 'long', 'float', 'double', 'string']);
/** More than any sensible label, less than what an index key can hold. */
const MAX_LABEL_LENGTH = 1_024;
/** 9999-12-31T23:59:59.999Z; later values are not times. */
export const MAX_TIME_MS = 253_402_300_799_999;

/** A short text for error messages. Never traverses nested values. */
export function shown(value: unknown): string {
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Instant) return String(value.written);
  if (value instanceof UnreadableDecimal) return value.text;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return value.length > 80 ? `${JSON.stringify(value.slice(0, 80))}...` : JSON.stringify(value);
}

const MOST_NAMES = 10;

/** The first names of an object's fields, for people; empty: it has none. */
export function namesIn(content: unknown): string {
  if (!hasFields(content)) return '';
  const names = Object.keys(content);
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : '';
  return `${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}

/** For an object in place of a scalar: its fields, as the end of a sentence; empty for anything else. */
function fieldsOf(value: unknown): string {
  if (!hasFields(value)) return '';
  const names = namesIn(value);
  if (names === '') return '';
  return Array.isArray(value) ? '; name an item by its number, from 0' : `; name one of its fields: ${names}`;
}

/** What a text that is not a number looks like, as the end of a sentence; empty: nothing known. */
function likelyNumber(text: string): string {
  if (text === '') return '; an empty text is not 0: leave the field out, or write null';
  if (/^[-+]?\d{1,3}(?:,\d{3})+$/.test(text))
    return '; write it without separators of thousands, and a point before decimals';
  if (/^[-+]?\d{1,3}(?:[ .,'\u00a0\u202f]?\d{3})*,\d+$/.test(text))
    return '; write a point before the decimals';
  if (/^[-+]?\d{1,3}(?:[ ,.'_\u00a0\u202f]\d{3})+(?:\.\d+)?$/.test(text))
    return '; write it without separators of thousands';
  if (/^[\w+/]*[A-Z+/\d][\w+/]*={0,2}$/.test(text) && text.length % 4 === 0) {
    return '; if it is a decimal in base64, as Kafka Connect writes without schemas, set decimal.format=NUMERIC there (Debezium: decimal.handling.mode=double)';
  }
  return '';
}

/** The nearest double of a number in digits. Infinity is accepted only as a word. */
export function withinDouble(number: number, name: string): number {
  if (Number.isFinite(number)) return number;
  throw new Undecodable('not_a_number', `${name} is larger than a double holds (1.8e308)`);
}

/** An ambiguous Avro union arrives as `{ long: 5 }`. */
export function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Instant) return value.written;
  if (!hasFields(value)) return value;
  const entries = Object.entries(value);
  const only = entries[0];
  return entries.length === 1 && only !== undefined && AVRO_NUMBER_BRANCHES.has(only[0]) ? only[1] : value;
}

/** A number, a numeric text, or one of the texts "NaN", "Infinity", "-Infinity". `undefined`: absent or null. */
export function toNumber(value: unknown, name: string): number | undefined {
  if (typeof value === 'number') return value;
  if (value === undefined || value === null) return undefined;
  const plain = unwrapped(value);
  if (typeof plain === 'number') return plain;
  if (typeof plain === 'bigint') return Number(plain);
  if (typeof plain === 'string') {
    const text = plain.trim();
    if (NUMBER_TEXT.test(text)) return withinDouble(Number(text), name);
    if (text === 'NaN') return Number.NaN;
    if (text === 'Infinity' || text === '+Infinity') return Number.POSITIVE_INFINITY;
    if (text === '-Infinity') return Number.NEGATIVE_INFINITY;
  }
  const instead = typeof plain === 'string' ? likelyNumber(plain.trim()) : fieldsOf(plain);
  throw new Undecodable('not_a_number', `${name} is ${shown(value)}, not a number${instead}`);
}

/** A label: text, number or boolean; absent or null is the empty string. */
export function toLabel(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  const plain = unwrapped(value);
  if (typeof plain === 'string') {
    if (plain.length > MAX_LABEL_LENGTH) {
      throw new Undecodable(
        'bad_label',
        `${name} has ${plain.length} characters; a label has at most ${MAX_LABEL_LENGTH}`,
      );
    }
    // Encoded as UTF-8 it would equal any other lone surrogate.
    if (LONE_SURROGATE.test(plain)) {
      throw new Undecodable('bad_label', `${name} is ${shown(plain)}, with half of a surrogate pair`);
    }
    return plain;
  }
  if (typeof plain === 'number') {
    // Ids above 2^53 that JSON numbers cannot distinguish would become one series.
    if (!Number.isFinite(plain)) {
      throw new Undecodable('bad_label', `${name} is ${plain}, which many numbers become; write it as text`);
    }
    if (Number.isInteger(plain) && !Number.isSafeInteger(plain)) {
      throw new Undecodable(
        'bad_label',
        `${name} is an integer past 2^53, which a number cannot hold exactly; write it as text`,
      );
    }
    return String(plain);
  }
  if (typeof plain === 'bigint' || typeof plain === 'boolean') return String(plain);
  throw new Undecodable(
    'bad_label',
    `${name} is ${shown(value)}, not a text, number or true/false${fieldsOf(plain)}`,
  );
}

/** Ranges of times between 2001 and 2103 in each unit; they do not overlap. */
const UNIT_FROM = { s: 1e9, ms: 1e12, us: 1e15, ns: 1e18 } as const;
const UNIT_NAMES = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' } as const;
const UNIT_SPAN = 4.2;

/** The unit in which a number is a plausible current time; null: none. */
export function likelyUnit(amount: number): keyof typeof UNIT_FROM | null {
  for (const unit of ['s', 'ms', 'us', 'ns'] as const) {
    if (amount >= UNIT_FROM[unit] && amount < UNIT_FROM[unit] * UNIT_SPAN) return unit;
  }
  return null;
}

/**
 * A window time in milliseconds. Refuses a number that is a plausible current time in another unit: seconds read as
 * milliseconds are in January 1970, whose points would silently expire.
 */
export function checkedTime(ms: number, name: string): number {
  // The usual case first: this is asked of every record.
  if (ms >= UNIT_FROM.ms && ms < UNIT_FROM.ms * UNIT_SPAN) return ms;
  const likely = likelyUnit(ms);
  if (likely !== null && likely !== 'ms') {
    throw new Undecodable(
      'bad_time',
      `${name} is ${ms}, which looks like ${UNIT_NAMES[likely]}; it must be in milliseconds since 1970, as Kafka and its clients write it: correct the producer`,
    );
  }
  if (ms >= 0 && ms <= MAX_TIME_MS) return ms;
  throw new Undecodable('bad_time', `${name} is ${ms} ms, no time between the years 1970 and 9999`);
}

/** A date, its time of day, and its zone; behind that the zone's name, as Java's ZonedDateTime writes it. */
const SQL_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[-+]\d\d(?::?\d\d)?)?(?:\[[\w/+-]+\])?$/i;
/** The same with a name alone; its zone is not looked up. */
const NAMED_ZONE = /\d\[/;

/** False for 30 February, which Date.parse reads as 2 March. */
function inCalendar(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}

/** `+0100` and `+01` as `+01:00`. */
function offsetOf(written: string): string {
  if (/^[a-z]/i.test(written)) return 'Z';
  const digits = written.slice(1).replace(':', '').padEnd(4, '0');
  return `${written.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** What a text that is not a date looks like, as the end of a sentence. */
function likelyTime(text: string): string {
  const unit = /^\d+$/.test(text) ? likelyUnit(Number(text)) : null;
  if (unit !== null) return `, but a number, which looks like ${UNIT_NAMES[unit]}; say \`unit: ${unit}\``;
  return '; let the stream write it so, or as a number of milliseconds';
}

function fromText(text: string, name: string, zone: LocalTime | null): number {
  const match = SQL_TIME.exec(text.trim());
  if (match !== null && !(match[4] === undefined && NAMED_ZONE.test(text))) {
    const [, date, time = '00:00', fraction = '', written = 'Z'] = match;
    const clock = time.length === 5 ? `${time}:00` : time;
    const offset = offsetOf(written);
    const ms = Date.parse(`${date!}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
    if (!Number.isNaN(ms) && inCalendar(date!)) {
      return zone === null || match[4] !== undefined ? ms : zone.instantOf(ms);
    }
  }
  throw new Undecodable(
    'bad_time',
    `${name} is ${shown(text)}, not a date and time in ISO 8601 or yyyy-MM-dd HH:mm:ss${likelyTime(text.trim())}`,
  );
}

/** What stands in place of a text, as the end of a sentence. */
function likelyAmount(plain: unknown): string {
  const unit = typeof plain === 'number' || typeof plain === 'bigint' ? likelyUnit(Number(plain)) : null;
  return unit === null ? fieldsOf(plain) : `; it looks like ${UNIT_NAMES[unit]}: say \`unit: ${unit}\``;
}

/** Milliseconds UTC of a time field; `undefined`: absent or null. @param zone of texts without one; null: UTC */
export function toTime(
  value: unknown,
  unit: TimeUnit,
  name: string,
  zone: LocalTime | null = null,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Instant) return checkedTime(Math.floor(value.ms), name);
  if (unit === 'text') {
    const plain = unwrapped(value);
    if (typeof plain !== 'string')
      throw new Undecodable('bad_time', `${name} is ${shown(value)}, not a text${likelyAmount(plain)}`);
    return checkedTime(fromText(plain, name, zone), name);
  }
  const plain = unwrapped(value);
  if (typeof plain === 'string' && SQL_TIME.test(plain.trim())) {
    throw new Undecodable(
      'bad_time',
      `${name} is ${shown(plain)}, a text and not a number; say \`unit: text\``,
    );
  }
  const amount = toNumber(value, name);
  if (amount === undefined || !Number.isFinite(amount)) {
    throw new Undecodable('bad_time', `${name} is ${shown(value)}, not a time`);
  }
  const likely = likelyUnit(amount);
  if (likely !== null && likely !== unit) {
    throw new Undecodable(
      'bad_time',
      `${name} is ${amount}, which looks like ${UNIT_NAMES[likely]}; say \`unit: ${likely}\``,
    );
  }
  switch (unit) {
    case 'ms':
      return checkedTime(Math.floor(amount), name);
    case 's':
      return checkedTime(Math.round(amount * 1_000), name);
    case 'us':
      return checkedTime(Math.floor(amount / 1_000), name);
    case 'ns':
      // Above 2^53 a double is off by up to 128 ns: rounding restores the millisecond.
      return checkedTime(Math.round(amount / 1_000_000), name);
  }
}
