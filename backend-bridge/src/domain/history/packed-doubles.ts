import { POWERS_OF_TEN } from './exact-sums';
import { exactDecimals, nearestDecimals, packable, plusUlps, type Decimals } from './nearest-decimals';
import { ByteWriter, type ByteReader } from './packed-bytes';
import {
  integers,
  skipIntegers,
  unpackIntegers,
  writeIntegers,
  type PackedIntegers,
  type PackedSums,
} from './packed-columns';

/**
 * Columns of doubles in few bytes, and back to the bit. Numbers with up to nine decimals are whole numbers of a power of
 * ten, or their distances from the rounded averages of the rows; doubles of many digits (371.06999999999994) are the
 * nearest such number and how many doubles they lie beside it; others are the XOR of their bytes with those of the
 * number before. What is shortest is taken, so the same column always becomes the same bytes.
 */

/** Added to the scale. */
const DISTANCES = 16;
const ULPS = 32;
/** Instead of a scale. */
const XOR = 255;

/** The averages of the rows, from which their least, largest and last values are not far. */
export interface Averages {
  readonly sums: PackedSums;
  readonly counts: ArrayLike<number>;
}

/** A row's average, rounded to a whole number of 10^-scale. */
function averageAt({ sums, counts }: Averages, row: number, scale: number): number {
  const mantissa = sums.mantissas[row]!;
  const count = counts[row]!;
  return Math.round(
    scale < sums.scale
      ? mantissa / (count * POWERS_OF_TEN[sums.scale - scale]!)
      : (mantissa * POWERS_OF_TEN[scale - sums.scale]!) / count,
  );
}

/** Any doubles; every NaN comes back as the one NaN that JavaScript knows. */
export function packDoubles(
  out: ByteWriter,
  values: readonly number[],
  averages: Averages | null = null,
): void {
  const exact = exactDecimals(values);
  if (exact !== null) {
    packDecimals(out, exact, averages, Infinity);
    return;
  }
  const near = nearestDecimals(values);
  const xor = packedXor(values);
  if (near === null || !packDecimals(out, near, averages, xor.length)) out.append(xor);
}

/** Returns false, and packs nothing, where it would take `limit` bytes or more. */
function packDecimals(
  out: ByteWriter,
  { scale, mantissas, ulps }: Decimals,
  averages: Averages | null,
  limit: number,
): boolean {
  const plain = integers(mantissas);
  const near = averages === null ? plain : distances(mantissas, averages, scale);
  const column = near !== null && near.size < plain.size ? near : plain;
  const beside = ulps === null ? null : integers(ulps);
  if (1 + column.size + (beside?.size ?? 0) >= limit) return false;
  out.byte(scale + (column === plain ? 0 : DISTANCES) + (beside === null ? 0 : ULPS));
  writeIntegers(out, column);
  if (beside !== null) writeIntegers(out, beside);
  return true;
}

function distances(mantissas: readonly number[], averages: Averages, scale: number): PackedIntegers | null {
  const column = mantissas.map((mantissa, row) => mantissa - averageAt(averages, row, scale) + 0);
  return column.every(packable) ? integers(column) : null;
}

/** Each double as the bytes in which it differs from the one before. */
function packedXor(values: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.byte(XOR);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const changed = new Uint8Array(8);
  for (const value of values) {
    changed.set(bytes);
    view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
    for (let i = 0; i < 8; i += 1) changed[i]! ^= bytes[i]!;
    let first = 0;
    let last = 8;
    while (first < 8 && changed[first] === 0) first += 1;
    while (last > first && changed[last - 1] === 0) last -= 1;
    out.byte(first * 16 + last);
    for (let i = first; i < last; i += 1) out.byte(changed[i]!);
  }
  return out.finish();
}

/** Reads `count` numbers into `into` from `start` on. `averages`: of the rows, as they were packed with. */
export function unpackDoubles(
  input: ByteReader,
  count: number,
  into: Float64Array,
  start: number,
  averages: () => Averages,
): void {
  const form = input.byte();
  if (form === XOR) {
    unpackXor(input, count, into, start);
    return;
  }
  const scale = form % DISTANCES;
  const end = start + count;
  unpackIntegers(input, count, into, start);
  if ((form & DISTANCES) !== 0) {
    const centers = averages();
    for (let i = start; i < end; i += 1) into[i]! += averageAt(centers, i - start, scale);
  }
  const power = POWERS_OF_TEN[scale]!;
  if (power !== 1) for (let i = start; i < end; i += 1) into[i]! /= power;
  if ((form & ULPS) === 0) return;
  const ulps = new Float64Array(count);
  unpackIntegers(input, count, ulps, 0);
  for (let i = start; i < end; i += 1) into[i] = plusUlps(into[i]!, ulps[i - start]!);
}

function unpackXor(input: ByteReader, count: number, into: Float64Array, start: number): void {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (let i = start; i < start + count; i += 1) {
    const ends = input.byte();
    for (let at = ends >>> 4; at < (ends & 15); at += 1) bytes[at]! ^= input.byte();
    into[i] = view.getFloat64(0);
  }
}

export function skipDoubles(input: ByteReader, count: number): void {
  const form = input.byte();
  if (form !== XOR) {
    skipIntegers(input, count);
    if ((form & ULPS) !== 0) skipIntegers(input, count);
    return;
  }
  for (let i = 0; i < count; i += 1) {
    const ends = input.byte();
    input.skipBits((ends & 15) - (ends >>> 4), 8);
  }
}
