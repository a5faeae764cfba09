import { MAX_PLAIN_SCALE, mantissaAt, POWERS_OF_TEN } from './exact-sums';

/** Doubles as the nearest number of few decimals, and how many doubles they lie beside it. */

/** Differences of two numbers below this, and their distance from a frame's least one, stay exact. */
const MAX_PACKED = 2 ** 50;

/** Whether a whole number is small enough for a packed column. */
export function packable(value: number): boolean {
  return Math.abs(value) < MAX_PACKED;
}

/** The bits of a whole number from 0 to 2^53. */
export function bitWidth(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32);
}

/** A column of doubles: `mantissa / 10^scale`, and `ulps` doubles further from zero; null: all are those numbers. */
export interface Decimals {
  readonly scale: number;
  readonly mantissas: readonly number[];
  readonly ulps: readonly number[] | null;
}

/** The values as whole numbers of one power of ten; null where some have no such form. */
export function exactDecimals(values: readonly number[]): Decimals | null {
  let scale = 0;
  for (const value of values) {
    if (Object.is(value, -0)) return null;
    while (Number.isNaN(mantissaAt(value, scale))) if (++scale > MAX_PLAIN_SCALE) return null;
  }
  const mantissas = values.map((value) => mantissaAt(value, scale));
  return mantissas.every(packable) ? { scale, mantissas, ulps: null } : null;
}

/** Those of the scale that takes the fewest bits; null where some value is too far from every such number. */
export function nearestDecimals(values: readonly number[]): Decimals | null {
  let best = -1;
  let least = Infinity;
  for (let scale = 0; scale <= MAX_PLAIN_SCALE; scale += 1) {
    const cost = costAt(values, scale, least);
    if (cost < least) [best, least] = [scale, cost];
  }
  if (best < 0) return null;
  const power = POWERS_OF_TEN[best]!;
  const mantissas = values.map((value) => Math.round(value * power) + 0);
  return {
    scale: best,
    mantissas,
    ulps: values.map((value, i) => ulpsBetween(mantissas[i]! / power, value)),
  };
}

/** Thirds of bits that such numbers take; Infinity where it is `limit` or more, or they are not `packable`. */
function costAt(values: readonly number[], scale: number, limit: number): number {
  const power = POWERS_OF_TEN[scale]!;
  // A digit more takes ten thirds of a bit.
  let cost = 10 * scale * values.length;
  for (const value of values) {
    const mantissa = Math.round(value * power);
    const ulps = Math.abs(ulpsBetween((mantissa + 0) / power, value));
    if (cost >= limit || !packable(mantissa) || !packable(ulps)) return Infinity;
    cost += 3 * bitWidth(ulps);
  }
  return cost;
}

const view = new DataView(new ArrayBuffer(8));

/** How many doubles `to` lies further from zero than `from`; NaN where their signs differ. */
function ulpsBetween(from: number, to: number): number {
  view.setFloat64(0, from);
  const [high, low] = [view.getInt32(0), view.getUint32(4)];
  view.setFloat64(0, to);
  if ((high ^ view.getInt32(0)) < 0) return Number.NaN;
  return (view.getInt32(0) - high) * 2 ** 32 + (view.getUint32(4) - low);
}

/** The double that lies this many further from zero. */
export function plusUlps(from: number, ulps: number): number {
  if (ulps === 0) return from;
  view.setFloat64(0, from);
  const low = view.getUint32(4) + ulps;
  view.setInt32(0, view.getInt32(0) + Math.floor(low / 2 ** 32));
  view.setUint32(4, low);
  return view.getFloat64(0);
}
