/** Slightly more than the bytes of the largest double: longer decimals cannot be stored in a point. */
const LONGEST_DECIMAL = 160;
/** Most decimals of a double. */
const LARGEST_SCALE = 400;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/;
const MOST_SHOWN = 80;

/** A decimal that no number holds, or a damaged one. Refused where it is read: other fields of the record are sound. */
export class UnreadableDecimal {
  /** @param text what it is, for error messages */
  constructor(readonly text: string) {}
}

/** The double nearest to a decimal. `bytes` is its unscaled integer, big-endian two's complement. */
export function decimalNumber(bytes: Buffer, scale: number): number | UnreadableDecimal {
  if (bytes.length === 0) return 0;
  if (bytes.length > LONGEST_DECIMAL) return new UnreadableDecimal(`a decimal of ${bytes.length} bytes`);
  if (!Number.isInteger(scale) || Math.abs(scale) > LARGEST_SCALE)
    return new UnreadableDecimal(`a decimal of scale ${scale}`);
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
  // Parsed from text, as dividing two doubles rounds twice.
  return Number(`${unscaled}e${-scale}`);
}

/** The same of the integer's bytes in base64. */
export function base64Decimal(text: string, scale: number): number | UnreadableDecimal {
  if (BASE64.test(text)) return decimalNumber(Buffer.from(text, 'base64'), scale);
  return new UnreadableDecimal(`${JSON.stringify(text.slice(0, MOST_SHOWN))}, as no decimal is in base64`);
}
