import { MAX_PLAIN_SCALE, mantissaAt, POWERS_OF_TEN, type ExactSums } from './exact-sums';
import { ByteWriter, type ByteReader } from './packed-bytes';

/**
 * Columns of numbers in few bytes, and back to the bit. Whole numbers are packed in frames of 32, each with its least
 * value and its width in bits (as Parquet's DELTA_BINARY_PACKED), themselves or their differences, whichever is
 * shorter. Numbers with up to nine decimals are whole numbers of a power of ten; others are the XOR of their bytes with
 * those of the number before. The same column always becomes the same bytes.
 */

const FRAME = 32;
/** Differences of two numbers below this, and their distance from a frame's least one, stay exact. */
const MAX_PACKED = 2 ** 50;

const CONSTANT = 0;
const VALUES = 1;
const DIFFERENCES = 2;
/** Instead of a scale: a column of doubles by XOR. */
const XOR = 255;

function frames(values: readonly number[], differences: boolean): Uint8Array {
  const out = new ByteWriter();
  const offsets = new Array<number>(values.length);
  for (let from = 0; from < values.length; from += FRAME) {
    const to = Math.min(from + FRAME, values.length);
    let least = Infinity;
    let most = -Infinity;
    for (let i = from; i < to; i += 1) {
      const value = differences ? values[i]! - (i === 0 ? 0 : values[i - 1]!) : values[i]!;
      offsets[i] = value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    for (let i = from; i < to; i += 1) offsets[i]! -= least;
    let width = 0;
    for (let span = most - least; span >= 1; span = Math.floor(span / 2)) width += 1;
    out.zigzag(least);
    out.byte(width);
    out.bits(offsets, from, to, width);
  }
  return out.finish();
}

/** Whole numbers, each below 2^50 in size; never -0. */
export function packIntegers(out: ByteWriter, values: readonly number[]): void {
  const [first] = values;
  if (first === undefined || values.every((value) => value === first)) {
    out.byte(CONSTANT);
    out.zigzag(first ?? 0);
    return;
  }
  const plain = frames(values, false);
  const differences = frames(values, true);
  const shorter = differences.length < plain.length;
  out.byte(shorter ? DIFFERENCES : VALUES);
  out.append(shorter ? differences : plain);
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

/** The values as whole numbers of one power of ten; null where some have no such form. */
function scaled(values: readonly number[]): { readonly scale: number; readonly mantissas: number[] } | null {
  let scale = 0;
  for (const value of values) {
    if (Object.is(value, -0)) return null;
    while (Number.isNaN(mantissaAt(value, scale))) if (++scale > MAX_PLAIN_SCALE) return null;
  }
  const mantissas = values.map((value) => mantissaAt(value, scale));
  return mantissas.every((mantissa) => Math.abs(mantissa) < MAX_PACKED) ? { scale, mantissas } : null;
}

/** Any doubles; every NaN comes back as the one NaN that JavaScript knows. */
export function packDoubles(out: ByteWriter, values: readonly number[]): void {
  const decimals = scaled(values);
  if (decimals !== null) {
    out.byte(decimals.scale);
    packIntegers(out, decimals.mantissas);
    return;
  }
  out.byte(XOR);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const before = new Uint8Array(8);
  for (const value of values) {
    view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
    let first = 0;
    let last = 8;
    const changed = bytes.map((byte, i) => byte ^ before[i]!);
    while (first < 8 && changed[first] === 0) first += 1;
    while (last > first && changed[last - 1] === 0) last -= 1;
    out.byte(first * 16 + last);
    out.append(changed.subarray(first, last));
    before.set(bytes);
  }
}

/** Reads `count` numbers into `into` from `start` on. */
export function unpackDoubles(input: ByteReader, count: number, into: Float64Array, start: number): void {
  const scale = input.byte();
  if (scale !== XOR) {
    unpackIntegers(input, count, into, start);
    const power = POWERS_OF_TEN[scale]!;
    if (power !== 1) for (let i = start; i < start + count; i += 1) into[i]! /= power;
    return;
  }
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (let i = start; i < start + count; i += 1) {
    const ends = input.byte();
    for (let at = ends >>> 4; at < (ends & 15); at += 1) bytes[at]! ^= input.byte();
    into[i] = view.getFloat64(0);
  }
}

export function skipDoubles(input: ByteReader, count: number): void {
  if (input.byte() !== XOR) {
    skipIntegers(input, count);
    return;
  }
  for (let i = 0; i < count; i += 1) {
    const ends = input.byte();
    input.skipBits((ends & 15) - (ends >>> 4), 8);
  }
}

/** Exact sums of the rows: whole numbers of one power of ten, and beside them those that are past it. */
export function packSums(out: ByteWriter, sums: ExactSums, rows: readonly number[]): void {
  const plain = rows.map((row) => sums.plain(row));
  const scale = Math.max(0, ...plain.map((sum) => sum?.scale ?? 0));
  const mantissas: number[] = [];
  const large: number[] = [];
  plain.forEach((sum, i) => {
    const mantissa = sum === null ? Number.NaN : sum.mantissa * POWERS_OF_TEN[scale - sum.scale]!;
    if (Math.abs(mantissa) < MAX_PACKED) mantissas.push(mantissa);
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
}

/** Adds `count` rows to `into`. */
export function unpackSums(input: ByteReader, count: number, into: ExactSums): void {
  const scale = input.byte();
  const first = into.append(count, scale, (mantissas, at) => unpackIntegers(input, count, mantissas, at));
  // Where a sum is past a whole number there is another one in its place.
  const large = Array.from({ length: input.varint() }, () => ({
    row: first + input.varint(),
    scale: input.zigzag(),
    mantissa: input.bigint(),
  }));
  for (const { row, scale: own, mantissa } of large) into.replace(row, mantissa, own);
}

export function skipSums(input: ByteReader, count: number): void {
  input.byte();
  skipIntegers(input, count);
  for (let left = input.varint(); left > 0; left -= 1) {
    input.varint();
    input.zigzag();
    input.bigint();
  }
}
