import { POWERS_OF_TEN, type ExactSums } from './exact-sums';
import { bitWidth, nearestDecimals, packable, type Decimals } from './nearest-decimals';
import { zigzagSize, type ByteReader, type ByteWriter } from './packed-bytes';

/**
 * Columns of whole numbers and of exact sums in few bytes. Whole numbers are packed in frames of 32, each with its
 * least value and its width in bits (as Parquet's DELTA_BINARY_PACKED), themselves or their differences, whichever is
 * shorter. The same column always becomes the same bytes.
 */

const FRAME = 32;

const CONSTANT = 0;
const VALUES = 1;
const DIFFERENCES = 2;
/** Added to the scale of sums: a column of remainders of a smaller power of ten follows. */
const REMAINDERS = 32;

/** A column of whole numbers as it takes the fewest bytes. */
export interface PackedIntegers {
  readonly size: number;
  readonly form: typeof CONSTANT | typeof VALUES | typeof DIFFERENCES;
  /** The numbers, or their differences. */
  readonly column: readonly number[];
  /** Least value and width in bits of each frame. */
  readonly frames: readonly (readonly [number, number])[];
}

/** Of whole numbers that are `packable`, without -0. */
export function integers(values: readonly number[]): PackedIntegers {
  const [first = 0] = values;
  if (values.every((value) => value === first)) {
    return { size: 1 + zigzagSize(first), form: CONSTANT, column: [first], frames: [] };
  }
  const plain = framed(VALUES, values);
  const differences = framed(
    DIFFERENCES,
    values.map((value, i) => (i === 0 ? value : value - values[i - 1]!)),
  );
  return differences.size < plain.size ? differences : plain;
}

function framed(form: typeof VALUES | typeof DIFFERENCES, column: readonly number[]): PackedIntegers {
  const frames: [number, number][] = [];
  let size = 1;
  for (let from = 0; from < column.length; from += FRAME) {
    const to = Math.min(from + FRAME, column.length);
    let least = Infinity;
    let most = -Infinity;
    for (let i = from; i < to; i += 1) {
      const value = column[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const width = bitWidth(most - least);
    frames.push([least, width]);
    size += zigzagSize(least) + 1 + Math.ceil(((to - from) * width) / 8);
  }
  return { size, form, column, frames };
}

export function writeIntegers(out: ByteWriter, { form, column, frames }: PackedIntegers): void {
  out.byte(form);
  if (form === CONSTANT) out.zigzag(column[0]!);
  frames.forEach(([least, width], frame) => {
    out.zigzag(least);
    out.byte(width);
    const from = frame * FRAME;
    out.bits(column, from, Math.min(from + FRAME, column.length), width, least);
  });
}

export function packIntegers(out: ByteWriter, values: readonly number[]): void {
  writeIntegers(out, integers(values));
}

/** Reads `count` numbers into `into` from `start` on. */
export function unpackIntegers(input: ByteReader, count: number, into: Float64Array, start: number): void {
  const form = input.byte();
  if (form === CONSTANT) {
    into.fill(input.zigzag(), start, start + count);
    return;
  }
  for (let from = 0; from < count; from += FRAME) {
    const least = input.zigzag();
    input.bits(Math.min(FRAME, count - from), input.byte(), least, into, start + from);
  }
  if (form !== DIFFERENCES) return;
  let value = 0;
  for (let i = start; i < start + count; i += 1) into[i] = value += into[i]!;
}

export function skipIntegers(input: ByteReader, count: number): void {
  if (input.byte() === CONSTANT) {
    input.zigzag();
    return;
  }
  for (let from = 0; from < count; from += FRAME) {
    input.zigzag();
    input.skipBits(Math.min(FRAME, count - from), input.byte());
  }
}

/** A column of exact sums: whole numbers of 10^-scale; the nearest ones, where remainders or larger sums follow. */
export interface PackedSums {
  readonly scale: number;
  readonly mantissas: ArrayLike<number>;
}

/**
 * Exact sums of the rows: whole numbers of one power of ten; what is left of doubles of many digits as whole numbers of
 * a smaller one; and beside them those that are past either.
 */
export function packSums(out: ByteWriter, sums: ExactSums, rows: readonly number[]): PackedSums {
  const plain = rows.map((row) => sums.plain(row));
  const divided = plain.includes(null) ? withRemainders(sums, rows) : null;
  if (divided !== null) {
    const { scale, mantissas, remainderScale, remainders } = divided;
    out.byte(scale + REMAINDERS);
    packIntegers(out, mantissas);
    out.varint(remainderScale);
    packIntegers(out, remainders);
    return divided;
  }
  const scale = Math.max(0, ...plain.map((sum) => sum?.scale ?? 0));
  const mantissas: number[] = [];
  const large: number[] = [];
  plain.forEach((sum, i) => {
    const mantissa = sum === null ? Number.NaN : sum.mantissa * POWERS_OF_TEN[scale - sum.scale]!;
    if (packable(mantissa)) mantissas.push(mantissa);
    else {
      large.push(i);
      // What was before costs least.
      mantissas.push(mantissas.at(-1) ?? 0);
    }
  });
  out.byte(scale);
  packIntegers(out, mantissas);
  out.varint(large.length);
  for (const i of large) {
    const { mantissa, scale: own } = sums.canonical(rows[i]!);
    out.varint(i);
    out.zigzag(own);
    out.bigint(mantissa);
  }
  return { scale, mantissas };
}

/** Null where some sums are past both columns. */
function withRemainders(
  sums: ExactSums,
  rows: readonly number[],
): (Decimals & { readonly remainderScale: number; readonly remainders: readonly number[] }) | null {
  const near = nearestDecimals(rows.map((row) => sums.number(row)));
  if (near === null) return null;
  const { scale, mantissas } = near;
  const exact = rows.map((row) => sums.canonical(row));
  const remainderScale = Math.max(scale, ...exact.map((sum) => sum.scale));
  const whole = 10n ** BigInt(remainderScale - scale);
  const remainders = exact.map((sum, i) =>
    Number(sum.mantissa * 10n ** BigInt(remainderScale - sum.scale) - BigInt(mantissas[i]!) * whole),
  );
  return remainders.every(packable) ? { ...near, remainderScale, remainders } : null;
}

/** Adds `count` rows to `into`. */
export function unpackSums(input: ByteReader, count: number, into: ExactSums): void {
  const form = input.byte();
  const scale = form % REMAINDERS;
  const first = into.append(count, scale, (mantissas, at) => unpackIntegers(input, count, mantissas, at));
  if (form !== scale) {
    const remainderScale = input.varint();
    const remainders = new Float64Array(count);
    unpackIntegers(input, count, remainders, 0);
    remainders.forEach((remainder, i) => into.addDecimal(first + i, BigInt(remainder), remainderScale));
    return;
  }
  // Where a sum is past a whole number there is another one in its place.
  const large = Array.from({ length: input.varint() }, () => ({
    row: first + input.varint(),
    scale: input.zigzag(),
    mantissa: input.bigint(),
  }));
  for (const { row, scale: own, mantissa } of large) into.replace(row, mantissa, own);
}

/** What packSums returned. */
export function unpackMantissas(input: ByteReader, count: number): PackedSums {
  const scale = input.byte() % REMAINDERS;
  const mantissas = new Float64Array(count);
  unpackIntegers(input, count, mantissas, 0);
  return { scale, mantissas };
}

export function skipSums(input: ByteReader, count: number): void {
  const form = input.byte();
  skipIntegers(input, count);
  if (form >= REMAINDERS) {
    input.varint();
    skipIntegers(input, count);
    return;
  }
  for (let left = input.varint(); left > 0; left -= 1) {
    input.varint();
    input.zigzag();
    input.bigint();
  }
}
