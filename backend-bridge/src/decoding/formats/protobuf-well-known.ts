import { decimalNumber } from '../decimal';
import { Instant } from '../instant';

/** Messages that stand for one value. */

type Content = Readonly<Record<string, unknown>>;

const WRAPPER = /^\.google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/;

/** A dynamic value: whichever of its fields is set. */
function fromDynamic(content: Content): unknown {
  const [value] = Object.entries(content)
    .filter(([name, set]) => set !== undefined && !/^null_?value$/i.test(name))
    .map(([, set]) => set);
  return value ?? null;
}

const CONVERSIONS: Readonly<Record<string, (content: Content) => unknown>> = {
  '.google.protobuf.Timestamp': ({ seconds, nanos }) => {
    const ms = Number(seconds) * 1_000 + Math.floor(Number(nanos) / 1_000_000);
    return new Instant(ms, ms);
  },
  // In seconds.
  '.google.protobuf.Duration': ({ seconds, nanos }) => Number(seconds) + Number(nanos) / 1e9,
  '.google.protobuf.Struct': ({ fields }) => fields ?? {},
  '.google.protobuf.ListValue': ({ values }) => values,
  '.google.protobuf.Value': fromDynamic,
  '.google.type.Date': ({ year, month, day }) => {
    const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
    return new Instant(ms, ms);
  },
  '.google.type.Decimal': ({ value }) => value,
  '.confluent.type.Decimal': ({ value, scale }) => decimalNumber(value as Buffer, Number(scale)),
};

/** What a message of this full name stands for; null: for itself. */
export function fromWellKnown(fullName: string): ((content: Content) => unknown) | null {
  if (WRAPPER.test(fullName)) return ({ value }) => value;
  return CONVERSIONS[fullName] ?? null;
}

/** Files that registries import without a reference, besides those of protobufjs. */
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
