/** Validates raw events as ksqlDB's JSON format would: the same events pass, others get a reason. */

export interface RawEvent {
  readonly userId: string;
  readonly eventType: string | null;
  /** Event time, integer milliseconds UTC. */
  readonly timestampMs: number;
  /** As received. */
  readonly properties: Readonly<Record<string, unknown>> | null;
}

export interface Profile {
  readonly segment: string | null;
  readonly registrationDate: number | null;
  readonly totalValue: number | null;
}

/** Longest user id and segment; both become keys of windows in memory. */
export const MAX_NAME_LENGTH = 512;
/** Largest time value of a date, before and after 1970. */
const MAX_DATE_MS = 8_640_000_000_000_000;

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Field names match case-insensitively, as ksqlDB's columns do; the usual spelling first. */
function field(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  for (const key of Object.keys(fields)) if (key.toLowerCase() === name) return fields[key];
  return undefined;
}

/** A VARCHAR: any value but null as text; undefined when nested too deeply. */
function asText(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A BIGINT: a number, truncated, or its digits as text. Undefined: neither. */
function asInteger(value: unknown): number | undefined {
  // Adding 0 makes -0 a 0.
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) + 0 : undefined;
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return Number(value) + 0;
  return undefined;
}

/** A DOUBLE in a profile: a number or its text. Undefined: neither. */
function asDouble(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' ? (castToDouble(value) ?? undefined) : undefined;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/;

/**
 * `CAST(text AS DOUBLE)`: trimmed, then parsed as Java parses a decimal number; null for everything else, including NaN
 * and infinities.
 */
export function castToDouble(text: string | null): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed)) return null;
  const number = Number(trimmed.replace(/[dDfF]$/, ''));
  return Number.isFinite(number) ? number : null;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why a text cannot be a label; null when it can. Labels are stored as UTF-8, which has no lone surrogates. */
export function nameProblem(what: string, text: string | undefined): string | null {
  if (text === undefined) return `${what} is nested too deeply; send it as text`;
  if (text.length > MAX_NAME_LENGTH) return `${what} is longer than ${MAX_NAME_LENGTH} characters`;
  if (LONE_SURROGATE.test(text)) return `${what} has half of a surrogate pair; send valid Unicode`;
  return null;
}

/** The event, or the reason why it is invalid. Event times after `latestMs` are refused. Never throws. */
export function readEvent(value: unknown, latestMs: number): RawEvent | string {
  if (!isFields(value)) return 'not an object; send {user_id, event_type, timestamp, properties}';
  const user = field(value, 'user_id');
  if (user === undefined || user === null) return 'user_id is missing or null';
  if (typeof user === 'number' && !Number.isSafeInteger(user)) {
    return 'user_id is a number that JSON does not keep exactly; send it as text';
  }
  const userId = asText(user)!;
  const problem = nameProblem('user_id', userId);
  if (problem !== null) return problem;

  const stamp = field(value, 'timestamp');
  if (stamp === undefined || stamp === null) return 'timestamp is missing or null';
  const timestampMs = asInteger(stamp);
  if (timestampMs === undefined) return 'timestamp is not an integer; send milliseconds since 1970 (UTC)';
  if (timestampMs < 0) return 'timestamp is negative; send milliseconds since 1970 (UTC)';
  if (timestampMs > latestMs) {
    return `timestamp is in the future (later than ${latestMs}, a minute ahead of the bridge's clock); correct the sender's clock, and send milliseconds since 1970 (UTC), not micro- or nanoseconds`;
  }

  const properties = field(value, 'properties') ?? null;
  if (properties !== null && !isFields(properties)) return 'properties is not an object';
  const type = field(value, 'event_type');
  // Objects and lists have a text too, but never that of an event type.
  return { userId, eventType: typeof type === 'object' ? null : asText(type)!, timestampMs, properties };
}

/** The profile, null for a removal (`null` was sent), or the reason why it is invalid. Never throws. */
export function readProfile(value: unknown): Profile | null | string {
  if (value === null) return null;
  if (!isFields(value)) return 'a profile is an object: {segment, registration_date, total_value}';
  const segment = asText(field(value, 'segment'));
  const problem = segment === null ? null : nameProblem('segment', segment);
  if (problem !== null) return problem;
  const date = field(value, 'registration_date') ?? null;
  const registrationDate = date === null ? null : asInteger(date);
  if (registrationDate === undefined || Math.abs(registrationDate ?? 0) > MAX_DATE_MS) {
    return 'registration_date is not an integer (milliseconds since 1970) of a possible date';
  }
  const total = field(value, 'total_value') ?? null;
  const totalValue = total === null ? null : asDouble(total);
  if (totalValue === undefined) return 'total_value is not a number';
  return { segment: segment ?? null, registrationDate, totalValue };
}
