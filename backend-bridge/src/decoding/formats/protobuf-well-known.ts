import { decimalNumber } from '../decimal';
import { Instant } from '../instant';
import { Undecodable } from '../undecodable';

/** Well-known messages that represent one value. */

type Content = Readonly<Record<string, unknown>>;

const WRAPPER = /^\.google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/;

/** A dynamic value: whichever of its fields is set. */
function fromDynamic(content: Content): unknown {
  const [value] = Object.entries(content)
    .filter(([name, set]) => set !== undefined && !/^null_?value$/i.test(name))
    .map(([, set]) => set);
  return value ?? null;
}

const SECOND_NANOS = 1_000_000_000;

/** Throws Undecodable for nanoseconds out of range, which Protobuf forbids. */
function timestamp(seconds: number, nanos: number): Instant {
  if (nanos < 0 || nanos >= SECOND_NANOS) {
    throw new Undecodable(
      'bad_time',
      `a google.protobuf.Timestamp has ${nanos} ns; it may have 0 to 999999999`,
    );
  }
  const ms = seconds * 1_000 + Math.floor(nanos / 1_000_000);
  return new Instant(ms, ms);
}

/** Throws Undecodable for 30 February, and for a date without a year or a day. */
function date(year: number, month: number, day: number): Instant {
  const at = new Date(0);
  const ms = at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCFullYear() !== year || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) {
    throw new Undecodable('bad_time', `a google.type.Date is ${year}-${month}-${day}, which no calendar has`);
  }
  return new Instant(ms, ms);
}

const CONVERSIONS: Readonly<Record<string, (content: Content) => unknown>> = {
  '.google.protobuf.Timestamp': ({ seconds, nanos }) => timestamp(Number(seconds), Number(nanos)),
  // In seconds.
  '.google.protobuf.Duration': ({ seconds, nanos }) => Number(seconds) + Number(nanos) / 1e9,
  '.google.protobuf.Struct': ({ fields }) => fields ?? {},
  '.google.protobuf.ListValue': ({ values }) => values,
  '.google.protobuf.Value': fromDynamic,
  '.google.type.Date': ({ year, month, day }) => date(Number(year), Number(month), Number(day)),
  '.google.type.Decimal': ({ value }) => value,
  '.confluent.type.Decimal': ({ value, scale }) => decimalNumber(value as Buffer, Number(scale)),
};

/** The conversion of a message with this full name; null: none. The function throws Undecodable. */
export function fromWellKnown(fullName: string): ((content: Content) => unknown) | null {
  if (WRAPPER.test(fullName)) return ({ value }) => value;
  return CONVERSIONS[fullName] ?? null;
}

/** Files that registries allow to import without a reference, besides those of protobufjs. */
export const BUILT_IN: Readonly<Record<string, string>> = {
  'confluent/meta.proto': 'syntax = "proto3"; package confluent;',
  'confluent/type/decimal.proto':
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
  'google/type/date.proto':
    'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  'google/type/decimal.proto':
    'syntax = "proto3"; package google.type; message Decimal { string value = 1; }',
  'google/type/money.proto':
    'syntax = "proto3"; package google.type; message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }',
  'google/type/timeofday.proto':
    'syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
};
