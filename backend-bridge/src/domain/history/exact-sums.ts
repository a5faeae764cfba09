/**
 * Sums that do not depend on the order of addition: each number counts as the shortest decimal that reads back as it
 * (what JSON prints), sums are exact in decimal, and only the result is rounded to a double, once. So 0.1 + 0.2 is 0.3,
 * and the sum of an hour is the same from sixty windows as from twelve steps.
 */

/** A decimal that plain numbers cannot hold: mantissa * 10^-scale. */
interface Decimal {
  readonly mantissa: bigint;
  readonly scale: number;
}

/** Scales that are tried with plain arithmetic; further ones take the slow way. */
export const MAX_PLAIN_SCALE = 9;
/** Decimals of up to 15 digits each have a double of their own, so a mantissa below this proves the decimal. */
const MAX_PROVEN = 1e15;
export const POWERS_OF_TEN: readonly number[] = Array.from(
  { length: MAX_PLAIN_SCALE + 1 },
  (_, i) => 10 ** i,
);

/** `value * 10^scale` where that is exactly the decimal behind the value; NaN where it is not. */
export function mantissaAt(value: number, scale: number): number {
  const power = POWERS_OF_TEN[scale]!;
  const mantissa = Math.round(value * power);
  return mantissa / power === value && Math.abs(mantissa) < MAX_PROVEN ? mantissa : Number.NaN;
}

function decimalOf(value: number): Decimal {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const point = digits.indexOf('.');
  const fraction = point < 0 ? 0 : digits.length - point - 1;
  return { mantissa: BigInt(digits.replace('.', '')), scale: fraction - Number(exponent) };
}

function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const mantissa = a.mantissa * 10n ** BigInt(scale - a.scale) + b.mantissa * 10n ** BigInt(scale - b.scale);
  return { mantissa, scale };
}

/** A decimal in canonical form: no trailing zeros; zero has the scale 0. */
function reduced({ mantissa, scale }: Decimal): Decimal {
  if (mantissa === 0n) return { mantissa, scale: 0 };
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale -= 1;
  }
  return { mantissa, scale };
}

function numberOf({ mantissa, scale }: Decimal): number {
  return Number(`${mantissa}e${-scale}`);
}

/**
 * A column of exact sums of finite numbers. Each is a whole number of 10^-scale, one scale for the column, so that whole
 * columns are added in a plain loop; to that comes, for few rows, what such numbers cannot hold.
 */
export class ExactSums {
  length = 0;
  /** By row: safe integers. */
  private mantissas: Float64Array;
  private scale = 0;
  /** At least the size of every mantissa. */
  private bound = 0;
  private readonly large = new Map<number, Decimal>();

  constructor(capacity = 0) {
    this.mantissas = new Float64Array(capacity);
  }

  /** Adds rows that are zero, and returns the index of the first. */
  push(rows = 1): number {
    const first = this.length;
    if (first + rows > this.mantissas.length) this.reserve(Math.max(this.mantissas.length * 2, first + rows));
    this.length = first + rows;
    return first;
  }

  /** Makes room for this many rows. */
  reserve(capacity: number): void {
    const mantissas = new Float64Array(capacity);
    mantissas.set(this.mantissas);
    this.mantissas = mantissas;
  }

  /** Of the rows from `base` on keeps those of [first, end) alone. */
  keep(base: number, first: number, end: number): void {
    const length = base + end - first;
    this.mantissas.copyWithin(base, first, end).fill(0, length, this.length);
    keepEntries(this.large, base, first, end);
    this.length = length;
  }

  /** Adds a finite number. */
  add(row: number, value: number): void {
    let { scale } = this;
    let mantissa = mantissaAt(value, scale);
    if (Number.isNaN(mantissa)) {
      for (scale = 0; scale <= MAX_PLAIN_SCALE; scale += 1) {
        mantissa = mantissaAt(value, scale);
        if (!Number.isNaN(mantissa)) break;
      }
      if (scale > MAX_PLAIN_SCALE) {
        this.addLarge(row, decimalOf(value));
        return;
      }
    }
    this.addPlain(row, mantissa, scale);
  }

  /** Makes the row `mantissa * 10^-scale`. */
  replace(row: number, mantissa: bigint, scale: number): void {
    this.mantissas[row] = 0;
    this.large.set(row, { mantissa, scale });
  }

  /** Adds a whole number of 10^-scale; it must be a safe integer. */
  addPlain(row: number, mantissa: number, scale: number): void {
    if (scale > this.scale) this.rescale(scale);
    const scaled = scale === this.scale ? mantissa : mantissa * POWERS_OF_TEN[this.scale - scale]!;
    const sum = this.mantissas[row]! + scaled;
    if (!Number.isSafeInteger(scaled) || !Number.isSafeInteger(sum)) {
      this.addLarge(row, { mantissa: BigInt(mantissa), scale });
      return;
    }
    this.mantissas[row] = sum;
    if (Math.abs(sum) > this.bound) this.bound = Math.abs(sum);
  }

  /** Adds `mantissa * 10^-scale`. */
  addDecimal(row: number, mantissa: bigint, scale: number): void {
    if (mantissa !== 0n) this.addLarge(row, { mantissa, scale });
  }

  /** Adds the rows of another column from `from` on, the first to `rows[0]` and so on; no row is named twice. */
  addRows(rows: Int32Array, other: ExactSums, from = 0): void {
    const to = from + rows.length;
    if (other.scale > this.scale) this.rescale(other.scale);
    const power = POWERS_OF_TEN[this.scale - other.scale]!;
    if (this.bound + other.bound * power > Number.MAX_SAFE_INTEGER) this.bound = largest(this.mantissas);
    const bound = this.bound + other.bound * power;
    if (bound <= Number.MAX_SAFE_INTEGER) {
      const { mantissas } = this;
      for (let i = from; i < to; i += 1) mantissas[rows[i - from]!]! += other.mantissas[i]! * power;
      this.bound = bound;
    } else {
      for (let i = from; i < to; i += 1) this.addPlain(rows[i - from]!, other.mantissas[i]!, other.scale);
    }
    for (const [row, decimal] of other.large) {
      if (row >= from && row < to) this.addLarge(rows[row - from]!, decimal);
    }
  }

  /** Adds all rows of another column to one. */
  addTotal(row: number, other: ExactSums): void {
    if (other.bound * other.length <= Number.MAX_SAFE_INTEGER) {
      let sum = 0;
      for (let i = 0; i < other.length; i += 1) sum += other.mantissas[i]!;
      this.addPlain(row, sum, other.scale);
    } else {
      for (let i = 0; i < other.length; i += 1) this.addPlain(row, other.mantissas[i]!, other.scale);
    }
    for (const decimal of other.large.values()) this.addLarge(row, decimal);
  }

  /**
   * Adds rows that `fill` writes as whole numbers of 10^-scale, below 2^50 in size, into the array from an index on.
   * Returns the index of the first.
   */
  append(rows: number, scale: number, fill: (mantissas: Float64Array, at: number) => void): number {
    const first = this.push(rows);
    if (first === 0) this.scale = scale;
    else if (scale > this.scale) this.rescale(scale);
    fill(this.mantissas, first);
    const added = this.mantissas.subarray(first, this.length);
    if (scale < this.scale) {
      const whole = added.slice();
      added.fill(0);
      for (let i = 0; i < rows; i += 1) this.addPlain(first + i, whole[i]!, scale);
    } else this.bound = Math.max(this.bound, largest(added));
    return first;
  }

  /** The double nearest to the sum. */
  number(row: number): number {
    if (this.large.size > 0 && this.large.has(row)) return numberOf(this.decimal(row));
    // Never -0: an exact zero has no sign.
    return this.mantissas[row]! / POWERS_OF_TEN[this.scale]! + 0;
  }

  /** The double nearest to the sum of the rows [from, to). */
  total(from: number, to: number): number {
    if (to - from === 1) return this.number(from);
    if (this.large.size === 0 && this.bound * (to - from) <= Number.MAX_SAFE_INTEGER) {
      let sum = 0;
      for (let row = from; row < to; row += 1) sum += this.mantissas[row]!;
      return sum / POWERS_OF_TEN[this.scale]! + 0;
    }
    let sum: Decimal = { mantissa: 0n, scale: 0 };
    for (let row = from; row < to; row += 1) sum = plus(sum, this.decimal(row));
    return numberOf(reduced(sum));
  }

  /** The sum in its one form: equal sums give equal parts, however they were added up. */
  canonical(row: number): { readonly mantissa: bigint; readonly scale: number } {
    return reduced(this.decimal(row));
  }

  /** Whether a row is the same sum as that row of another column. */
  equals(other: ExactSums, row: number): boolean {
    if (this.scale === other.scale && !this.large.has(row) && !other.large.has(row)) {
      return this.mantissas[row] === other.mantissas[row];
    }
    const left = this.canonical(row);
    const right = other.canonical(row);
    return left.mantissa === right.mantissa && left.scale === right.scale;
  }

  /** The mantissa at the least plain scale; null where the sum is none of a plain number's. */
  plain(row: number): { readonly mantissa: number; readonly scale: number } | null {
    let mantissa = this.mantissas[row]!;
    let { scale } = this;
    if (this.large.size > 0 && this.large.has(row)) {
      const short = reduced(this.decimal(row));
      const whole = short.scale < 0 ? short.mantissa * 10n ** BigInt(-short.scale) : short.mantissa;
      mantissa = Number(whole);
      scale = Math.max(0, short.scale);
      if (!Number.isSafeInteger(mantissa) || scale > MAX_PLAIN_SCALE) return null;
    }
    while (scale > 0 && mantissa % 10 === 0) {
      mantissa /= 10;
      scale -= 1;
    }
    return { mantissa: mantissa + 0, scale };
  }

  private decimal(row: number): Decimal {
    const plain = { mantissa: BigInt(this.mantissas[row]!), scale: this.scale };
    const large = this.large.get(row);
    return large === undefined ? plain : plus(plain, large);
  }

  private addLarge(row: number, decimal: Decimal): void {
    const before = this.large.get(row);
    this.large.set(row, before === undefined ? decimal : reduced(plus(before, decimal)));
  }

  /** Takes a larger scale for the column. */
  private rescale(scale: number): void {
    const power = POWERS_OF_TEN[scale - this.scale]!;
    for (let row = 0; row < this.length; row += 1) {
      const mantissa = this.mantissas[row]!;
      const scaled = mantissa * power;
      if (!Number.isSafeInteger(scaled)) {
        this.addLarge(row, { mantissa: BigInt(mantissa), scale: this.scale });
      }
      this.mantissas[row] = Number.isSafeInteger(scaled) ? scaled : 0;
    }
    this.bound = Math.min(this.bound * power, Number.MAX_SAFE_INTEGER);
    this.scale = scale;
  }
}

/** As ExactSums.keep, for what only few rows have. */
export function keepEntries<T>(byRow: Map<number, T>, base: number, first: number, end: number): void {
  const later = [...byRow].filter(([row]) => row >= base);
  for (const [row] of later) byRow.delete(row);
  for (const [row, value] of later) if (row >= first && row < end) byRow.set(row - first + base, value);
}

function largest(mantissas: Float64Array): number {
  let most = 0;
  for (const mantissa of mantissas) {
    if (mantissa > most) most = mantissa;
    else if (-mantissa > most) most = -mantissa;
  }
  return most;
}
