import avro, { type ForSchemaOptions, type Schema, type Type, type types } from 'avsc';
import { decimalNumber, type UnreadableDecimal } from '../decimal';
import { instantOf, type Instant, type InstantUnit } from '../instant';

/** A parsed Avro schema. */
export interface AvroSchema {
  /** The value; longs above 2^53 are bigints. Throws for bytes that do not match the schema. */
  decode(body: Buffer): unknown;
}

/** The input of avsc's readers. Its position may pass the end, which avsc detects afterwards. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  readString(): string | undefined;
  skipLong(): void;
}
interface Reader {
  _read(tap: Tap): unknown;
}

/**
 * Remaining items that the current body may have. avsc trusts a block's count, and a few bytes may claim billions of
 * items; but each takes at least a byte, unless it is null or an empty record, which is never written by the thousand.
 */
let itemsLeft = 0;
const SPARE_ITEMS = 16;

function takeItems(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  itemsLeft -= count;
  if (!(itemsLeft >= 0)) throw new RangeError('it has more items than bytes');
  return count;
}

class BoundedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Reader;
    const values: unknown[] = [];
    for (let count = takeItems(tap); count > 0; count = takeItems(tap)) {
      for (let i = 0; i < count; i += 1) values.push(items._read(tap));
    }
    return values;
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const reader = this.valuesType as unknown as Reader;
    // Without a prototype, so that `__proto__` is a key like any other.
    const values = Object.create(null) as Record<string, unknown>;
    for (let count = takeItems(tap); count > 0; count = takeItems(tap)) {
      for (let i = 0; i < count; i += 1) {
        const key = tap.readString();
        values[key ?? ''] = reader._read(tap);
      }
    }
    return values;
  }
}

/** Under this name a field would replace what the record inherits. */
const PROTO = '__proto__';

function boundedType(schema: Schema, options: ForSchemaOptions): Type | undefined {
  const { type, fields } = schema as { type?: unknown; fields?: unknown };
  const proto = Array.isArray(fields)
    ? (fields as { name?: unknown }[]).find(({ name }) => name === PROTO)
    : undefined;
  if (proto !== undefined) proto.name = `${PROTO}_`;
  if (type === 'array') return new BoundedArray(schema, options);
  if (type === 'map') return new BoundedMap(schema, options);
  if (Array.isArray(schema)) return new PlainUnion(schema, options);
  return undefined;
}

/** The branch's value, also for unions whose branches JavaScript cannot distinguish. */
class PlainUnion extends avro.types.WrappedUnionType {
  _read(tap: Tap): unknown {
    const branch = (this.types as unknown as readonly Reader[])[tap.readLong()];
    if (branch === undefined) throw new RangeError('it names a branch that its union does not have');
    return branch._read(tap);
  }
}

/** Decimals are bytes with a scale; a point's measure is a double. */
class DecimalType extends avro.types.LogicalType {
  private readonly scale: number;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    const { scale } = schema as { scale?: unknown };
    this.scale = typeof scale === 'number' ? scale : 0;
  }

  protected override _fromValue(bytes: Buffer): number | UnreadableDecimal {
    return decimalNumber(bytes, this.scale);
  }

  protected override _toValue(): undefined {
    return undefined;
  }
}

/** Each value has its own scale: the unscaled bytes with their length, then the scale. */
class BigDecimalType extends avro.types.LogicalType {
  private static readonly parts = avro.Type.forSchema({
    type: 'record',
    name: 'BigDecimal',
    fields: [
      { name: 'unscaled', type: 'bytes' },
      { name: 'scale', type: 'int' },
    ],
  });

  protected override _fromValue(bytes: Buffer): number | UnreadableDecimal {
    const { unscaled, scale } = BigDecimalType.parts.fromBuffer(bytes) as { unscaled: Buffer; scale: number };
    return decimalNumber(unscaled, scale);
  }

  protected override _toValue(): undefined {
    return undefined;
  }
}

/** A UUID is text; Avro also writes it as 16 bytes. */
class UuidType extends avro.types.LogicalType {
  protected override _fromValue(value: string | Buffer): string {
    if (typeof value === 'string') return value;
    return value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  protected override _toValue(): undefined {
    return undefined;
  }
}

const instantType = (unit: InstantUnit): new (schema: Schema, options?: unknown) => types.LogicalType =>
  class extends avro.types.LogicalType {
    protected override _fromValue(written: number | bigint): Instant {
      return instantOf(written, unit);
    }

    protected override _toValue(): undefined {
      return undefined;
    }
  };

const INSTANT_UNITS: ReadonlyMap<string, InstantUnit> = new Map([
  ['date', 'days'],
  ['timestamp-millis', 'ms'],
  ['timestamp-micros', 'us'],
  ['timestamp-nanos', 'ns'],
  ['local-timestamp-millis', 'ms'],
  ['local-timestamp-micros', 'us'],
  ['local-timestamp-nanos', 'ns'],
]);

/** Times of day and durations stay numbers and bytes: windows do not begin at them. */
const LOGICAL_TYPES = {
  decimal: DecimalType,
  'big-decimal': BigDecimalType,
  uuid: UuidType,
  ...Object.fromEntries([...INSTANT_UNITS].map(([name, unit]) => [name, instantType(unit)])),
};

/** A type for exact longs of any size. Eight times slower than doubles. */
const wideLong = (read: (exact: number | bigint) => unknown): Type =>
  avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => {
      const exact = bytes.readBigInt64LE(0);
      const nearest = Number(exact);
      return read(Number.isSafeInteger(nearest) ? nearest : exact);
    },
    toBuffer: (value: number | bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    },
    fromJSON: (value: number) => value,
    toJSON: (value: number | bigint) => Number(value),
    isValid: (value: unknown) => typeof value === 'number' || typeof value === 'bigint',
    compare: (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1),
  });

/** The same for a schema with attributes, such as a logical type; avsc looks up only plain longs. */
function wideType(schema: Schema, options: ForSchemaOptions): Type | undefined {
  const { type, logicalType } = schema as { type?: unknown; logicalType?: unknown };
  if (type !== 'long') return boundedType(schema, options);
  const unit = INSTANT_UNITS.get(String(logicalType));
  return wideLong((exact) => (unit === undefined ? exact : instantOf(exact, unit)));
}

/** Parses a schema with its referenced named types, dependencies first. Throws for an invalid schema. */
export function parseAvroSchema(
  text: string,
  references: readonly { readonly text: string }[] = [],
): AvroSchema {
  const typeOf = (registry: Record<string, Type>, typeHook: ForSchemaOptions['typeHook']): Type => {
    const options = { logicalTypes: LOGICAL_TYPES, typeHook, registry, omitRecordMethods: true };
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text) as Schema, options);
    return avro.Type.forSchema(JSON.parse(text) as Schema, options);
  };
  const fast = typeOf({}, boundedType);
  let wide: Type | null = null;
  return {
    decode: (body) => {
      itemsLeft = body.length + SPARE_ITEMS;
      try {
        return fast.fromBuffer(body) as unknown;
      } catch (error) {
        // avsc reads longs as doubles, and refuses those that a double cannot hold.
        if (!(error instanceof Error) || !error.message.includes('precision loss')) throw error;
        itemsLeft = body.length + SPARE_ITEMS;
        return (wide ??= typeOf({ long: wideLong((exact) => exact) }, wideType)).fromBuffer(body) as unknown;
      }
    },
  };
}
