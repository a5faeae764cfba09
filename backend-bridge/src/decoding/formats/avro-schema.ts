import avro, { type ForSchemaOptions, type Schema, type Type } from 'avsc';

/** One Avro schema, ready to read bodies with. */
export interface AvroSchema {
  /** The value; a long past 2^53 in it is a bigint. Throws where the bytes do not fit. */
  decode(body: Buffer): unknown;
}

/** Bytes of the largest double, and some more: a longer decimal is none that a point can hold. */
const LONGEST_DECIMAL = 160;

/** What avsc's readers read from; its position may be past the end, which avsc notices when all is read. */
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
 * How many more items the body under way may have. avsc believes a block's count, and a few bytes may name billions
 * of items; but each takes at least a byte, or it is a null or an empty record, which nobody writes by the thousand.
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

function boundedType(schema: Schema, options: ForSchemaOptions): Type | undefined {
  const { type } = schema as { type?: unknown };
  if (type === 'array') return new BoundedArray(schema, options);
  if (type === 'map') return new BoundedMap(schema, options);
  return undefined;
}

/** Decimals are bytes with a scale; a point's measure is a double. */
class DecimalType extends avro.types.LogicalType {
  private readonly divisor: number;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    const { scale } = schema as { scale?: unknown };
    this.divisor = 10 ** (typeof scale === 'number' ? scale : 0);
  }

  protected override _fromValue(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    if (bytes.length > LONGEST_DECIMAL) throw new RangeError(`a decimal of ${bytes.length} bytes`);
    const unsigned = BigInt(`0x${bytes.toString('hex')}`);
    const signed = bytes[0]! < 0x80 ? unsigned : unsigned - (1n << BigInt(8 * bytes.length));
    return Number(signed) / this.divisor;
  }

  protected override _toValue(): undefined {
    return undefined;
  }
}

/** Longs of any size: those past 2^53 are bigints. Reading them so costs eight times as much. */
const wideLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const exact = bytes.readBigInt64LE(0);
    const nearest = Number(exact);
    return Number.isSafeInteger(nearest) ? nearest : exact;
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

/**
 * Parses a schema's text, with the named types that it refers to: each after those it needs itself. Throws where it
 * is none.
 */
export function parseAvroSchema(
  text: string,
  references: readonly { readonly text: string }[] = [],
): AvroSchema {
  const typeOf = (registry: Record<string, Type>): Type => {
    const options = { logicalTypes: { decimal: DecimalType }, typeHook: boundedType, registry };
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text) as Schema, options);
    return avro.Type.forSchema(JSON.parse(text) as Schema, options);
  };
  const fast = typeOf({});
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
        return (wide ??= typeOf({ long: wideLong })).fromBuffer(body) as unknown;
      }
    },
  };
}
