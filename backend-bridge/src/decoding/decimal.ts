/** Slightly more than the bytes of the largest double: longer decimals cannot be stored in a point. */
const LONGEST_DECIMAL = 160;
/** Most decimals of a double. */
const LARGEST_SCALE = 400;

/** The double nearest to a decimal. `bytes` is its unscaled integer, big-endian two's complement. */
export function decimalNumber(bytes: Buffer, scale: number): number {
  if (bytes.length === 0) return 0;
  if (bytes.length > LONGEST_DECIMAL) throw new RangeError(`a decimal of ${bytes.length} bytes`);
  if (!Number.isInteger(scale) || Math.abs(scale) > LARGEST_SCALE)
    throw new RangeError(`a decimal of scale ${scale}`);
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
  // Parsed from text, as dividing two doubles rounds twice.
  return Number(`${unscaled}e${-scale}`);
}
