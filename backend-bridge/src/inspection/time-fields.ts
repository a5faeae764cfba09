import { Instant } from '../decoding/instant';
import { likelyUnit, toNumber, toTime } from '../decoding/scalar';
import type { TimeUnit } from '../domain/mapping';
import { lastName, present, type Field } from './fields';
import type { SampledRecord } from '../decoding/topic-sample';
import { nearlyAll } from './sample';

/** A field whose values are times of today. */
export interface TimeField {
  readonly field: Field;
  readonly unit: TimeUnit;
  /** By record. */
  readonly ms: readonly (number | undefined)[];
  /** What its name says of it. */
  readonly role: 'start' | 'end' | null;
  readonly reason: string;
}

const START_NAME =
  /(^|_)(start|starts|started|begin|from|since|open|opened)(_|$)|^(bucket|w_?start|(window|win|period|interval)(start|begin)|(start|begin)(time|ts|date)$)/;
const END_NAME =
  /(^|_)(end|ends|ended|until|to|close|closed|stop)(_|$)|^(w_?end|(window|win|period|interval|bucket)(end|stop)|(end|stop)(time|ts|date)$)/;
const TIME_NAME =
  /(^|_)(time|times|timestamp|ts|date|datetime|at|on|when|hour|day|minute|bucket|period|window|epoch)(_|$)/;
/** A number that is a time of today is one for sure where it lies no further from its record's timestamp. */
const NEAR_MS = 366 * 86_400_000;

/** `windowStart`, `WINDOW_START` and `window-start` as `window_start`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

function roleOf(field: Field): TimeField['role'] {
  const name = snakeCase(lastName(field));
  return START_NAME.test(name) ? 'start' : END_NAME.test(name) ? 'end' : null;
}

function toMs(value: unknown, unit: TimeUnit): number | undefined {
  try {
    return toTime(value, unit, '');
  } catch {
    return undefined;
  }
}

function unitOf(value: unknown): TimeUnit | 'schema' | null {
  if (value instanceof Instant) return 'schema';
  if (typeof value === 'string' && toMs(value, 'text') !== undefined) return 'text';
  try {
    return likelyUnit(toNumber(value, '') ?? Number.NaN);
  } catch {
    return null;
  }
}

const UNIT_REASONS: Readonly<Record<TimeUnit, string>> = {
  ms: 'its numbers are times of today in milliseconds',
  s: 'its numbers are times of today in seconds',
  us: 'its numbers are times of today in microseconds',
  ns: 'its numbers are times of today in nanoseconds',
  text: 'its texts are dates with a time',
};

/** Flink's window_time. */
function isLastMillisecond(ms: readonly (number | undefined)[]): boolean {
  const times = new Set(ms.filter((at) => at !== undefined));
  return times.size > 1 && [...times].every((at) => at % 1_000 === 999);
}

/** The field as a time; null when it is not one. */
function asTime(field: Field, records: readonly SampledRecord[]): TimeField | null {
  const values = present(field);
  const units = values.map(unitOf);
  const unit = units.find((one) => one !== null) ?? null;
  if (unit === null) return null;
  if (!nearlyAll(units.filter((one) => one === unit).length, values.length)) return null;
  const role = roleOf(field);
  if (unit === 'schema') {
    const ms = field.values.map((value) => toMs(value, 'ms'));
    return { field, unit: 'ms', ms, role, reason: 'its schema says that it is a time' };
  }
  const ms = field.values.map((value) => toMs(value, unit));
  const near = ms.filter((at, i) => at !== undefined && Math.abs(at - records[i]!.timestampMs) < NEAR_MS);
  const named = role !== null || TIME_NAME.test(snakeCase(lastName(field)));
  // A turnover in micro-euros may be such a number too.
  if (unit !== 'text' && !named && !nearlyAll(near.length, values.length)) return null;
  if (role === null && isLastMillisecond(ms)) {
    return {
      field,
      unit,
      ms,
      role: 'end',
      reason: `${UNIT_REASONS[unit]}, the last millisecond of a window`,
    };
  }
  return { field, unit, ms, role, reason: UNIT_REASONS[unit] };
}

/** The fields that are times, those of keys first. */
export function timeFields(fields: readonly Field[], records: readonly SampledRecord[]): TimeField[] {
  return fields
    .flatMap((field) => asTime(field, records) ?? [])
    .sort((a, b) => Number(a.field.in === 'value') - Number(b.field.in === 'value'));
}
