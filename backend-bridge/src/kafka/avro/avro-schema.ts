import avro, { type Schema, type Type } from 'avsc';

/** One Avro schema, ready to read bodies with. */
export interface AvroSchema {
  /** The value, and whether a long past 2^53 in it became the nearest double. Throws where the bytes do not fit. */
  decode(body: Buffer): { readonly value: unknown; readonly unsafe: boolean };
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
    let unscaled = 0n;
    for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte);
    if (bytes.length > 0 && (bytes[0]! & 0x80) !== 0) unscaled -= 1n << BigInt(8 * bytes.length);
    return Number(unscaled) / this.divisor;
  }

  protected override _toValue(): undefined {
    return undefined;
  }
}

/** Parses a schema's text. Throws where it is none. */
export function parseAvroSchema(text: string): AvroSchema {
  const schema = JSON.parse(text) as Schema;
  const options = { logicalTypes: { decimal: DecimalType } };
  // Reading a long exactly costs eight times as much, so it is done only where avsc refuses the fast way.
  const fast = avro.Type.forSchema(schema, options);
  let unsafe = false;
  let wide: Type | null = null;
  const wideType = (): Type =>
    (wide ??= avro.Type.forSchema(schema, {
      ...options,
      registry: {
        long: avro.types.LongType.__with({
          fromBuffer: (bytes: Buffer) => {
            const exact = bytes.readBigInt64LE(0);
            const nearest = Number(exact);
            if (!Number.isSafeInteger(nearest)) unsafe = true;
            return nearest;
          },
          toBuffer: (value: number) => {
            const bytes = Buffer.alloc(8);
            bytes.writeBigInt64LE(BigInt(value));
            return bytes;
          },
          fromJSON: (value: number) => value,
          toJSON: (value: number) => value,
          isValid: (value: unknown) => typeof value === 'number',
          compare: (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1),
        }),
      },
    }));

  return {
    decode: (body) => {
      try {
        return { value: fast.fromBuffer(body) as unknown, unsafe: false };
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('precision loss')) throw error;
        unsafe = false;
        return { value: wideType().fromBuffer(body) as unknown, unsafe };
      }
    },
  };
}
