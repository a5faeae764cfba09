/** Reading what a caller handed in, as ksqlDB's JSON format would: the same events pass, the others get a reason. */

export interface RawEvent {
  readonly userId: string;
  readonly eventType: string | null;
  /** Event time, integer milliseconds UTC. */
  readonly timestampMs: number;
  /** As handed in; see `propertiesAsText`. */
  readonly properties: Readonly<Record<string, unknown>> | null;
}

export interface Profile {
  readonly segment: string | null;
  readonly registrationDate: number | null;
  readonly totalValue: number | null;
}

/** Longest user id and segment: both become keys of windows that are held in memory. */
export const MAX_NAME_LENGTH = 512;

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Field names match in any case, as ksqlDB's columns do; the usual spelling first. */
function field(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  for (const key of Object.keys(fields)) if (key.toLowerCase() === name) return fields[key];
  return undefined;
}

/** A VARCHAR: anything but null has a text. */
export function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return JSON.stringify(value);
}

/** A BIGINT: a number, cut to an integer, or its digits as text. Undefined: neither. */
function asInteger(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return Number(value);
  return undefined;
}

/** A DOUBLE in a profile: a number or its text. Undefined: neither. */
function asDouble(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (castToDouble(value) ?? undefined) : undefined;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/;

/**
 * `CAST(text AS DOUBLE)`: trimmed, then what Java reads as a decimal number; null for everything else,
 * NaN and the infinities included.
 */
export function castToDouble(text: string | null): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed)) return null;
  const number = Number(trimmed.replace(/[dDfF]$/, ''));
  return Number.isFinite(number) ? number : null;
}

/** Every property as its text; null stays null, and so do properties that were absent. */
export function propertiesAsText(properties: RawEvent['properties']): Record<string, string | null> | null {
  if (properties === null) return null;
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, asText(value)]));
}

function nameProblem(what: string, text: string): string | null {
  return text.length > MAX_NAME_LENGTH ? `${what} is longer than ${MAX_NAME_LENGTH} characters` : null;
}

/** The event, or the reason why it cannot be one. `latestMs`: event times after it are refused. */
export function readEvent(value: unknown, latestMs: number): RawEvent | string {
  if (!isFields(value)) return 'not an object; send {user_id, event_type, timestamp, properties}';
  const user = field(value, 'user_id');
  if (user === undefined || user === null) return 'user_id is missing or null';
  if (typeof user === 'number' && !Number.isSafeInteger(user)) {
    return 'user_id is a number that JSON does not keep exactly; send it as text';
  }
  const userId = asText(user)!;
  const tooLong = nameProblem('user_id', userId);
  if (tooLong !== null) return tooLong;

  const stamp = field(value, 'timestamp');
  if (stamp === undefined || stamp === null) return 'timestamp is missing or null';
  const timestampMs = asInteger(stamp);
  if (timestampMs === undefined) return 'timestamp is not an integer; send milliseconds since 1970 (UTC)';
  if (timestampMs < 0) return 'timestamp is negative; send milliseconds since 1970 (UTC)';
  if (timestampMs > latestMs) {
    return `timestamp is too far in the future (later than ${latestMs}); send milliseconds since 1970 (UTC), not micro- or nanoseconds`;
  }

  const properties = field(value, 'properties') ?? null;
  if (properties !== null && !isFields(properties)) return 'properties is not an object';
  return { userId, eventType: asText(field(value, 'event_type')), timestampMs, properties };
}

/** The profile, null for a removal (`null` was handed in), or the reason why it cannot be used. */
export function readProfile(value: unknown): Profile | null | string {
  if (value === null) return null;
  if (!isFields(value)) return 'a profile is an object: {segment, registration_date, total_value}';
  const segment = asText(field(value, 'segment'));
  const tooLong = segment === null ? null : nameProblem('segment', segment);
  if (tooLong !== null) return tooLong;
  const date = field(value, 'registration_date') ?? null;
  const registrationDate = date === null ? null : asInteger(date);
  if (registrationDate === undefined) return 'registration_date is not an integer (milliseconds since 1970)';
  const total = field(value, 'total_value') ?? null;
  const totalValue = total === null ? null : asDouble(total);
  if (totalValue === undefined) return 'total_value is not a number';
  return { segment, registrationDate, totalValue };
}
