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

/** The one form of a decimal: no trailing zeros; zero has the scale 0. */
function reduced({ mantissa, scale }: Decimal): Decimal {
  if (mantissa === 0n) return { mantissa, scale: 0 };
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale -= 1;
  }
  return { mantissa, scale };
}

/** A column of exact sums of finite numbers. */
export class ExactSums {
  length = 0;
  private mantissas = new Float64Array(16);
  private scales = new Uint8Array(16);
  /** By row: sums past what a plain mantissa holds; their entry in `mantissas` says nothing. */
  private readonly large = new Map<number, Decimal>();
  private usual = 0;

  /** Adds a row that is zero, and returns its index. */
  push(): number {
    if (this.length === this.mantissas.length) this.grow();
    this.mantissas[this.length] = 0;
    this.scales[this.length] = 0;
    return this.length++;
  }

  /** Adds a finite number. */
  add(row: number, value: number): void {
    let scale = this.usual;
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
      if (scale > this.usual) this.usual = scale;
    }
    this.addPlain(row, mantissa, scale);
  }

  /** Adds another sum. */
  addSum(row: number, other: ExactSums, from: number): void {
    const large = other.large.get(from);
    if (large !== undefined) this.addLarge(row, large);
    else this.addPlain(row, other.mantissas[from]!, other.scales[from]!);
  }

  /** Adds `mantissa * 10^-scale`. */
  addDecimal(row: number, mantissa: bigint, scale: number): void {
    this.addLarge(row, { mantissa, scale });
  }

  /** Adds a whole number of 10^-scale; it must be a safe integer. */
  addPlain(row: number, mantissa: number, scale: number): void {
    if (this.large.size > 0 && this.large.has(row)) {
      this.addLarge(row, { mantissa: BigInt(mantissa), scale });
      return;
    }
    const own = this.scales[row]!;
    let sum: number;
    if (own === scale) sum = this.mantissas[row]! + mantissa;
    else if (own > scale) sum = this.mantissas[row]! + mantissa * POWERS_OF_TEN[own - scale]!;
    else sum = this.mantissas[row]! * POWERS_OF_TEN[scale - own]! + mantissa;
    // Sums of two products: each is exact when the result is safe and the larger product is.
    const shift = own > scale ? mantissa * POWERS_OF_TEN[own - scale]! : mantissa;
    if (!Number.isSafeInteger(sum) || !Number.isSafeInteger(shift) || !Number.isSafeInteger(sum - shift)) {
      this.addLarge(row, { mantissa: BigInt(mantissa), scale });
      return;
    }
    this.mantissas[row] = sum;
    if (scale > own) this.scales[row] = scale;
  }

  /** The double nearest to the sum. */
  number(row: number): number {
    const large = this.large.get(row);
    if (large !== undefined) return Number(`${large.mantissa}e${-large.scale}`);
    // Never -0: an exact zero has no sign.
    return this.mantissas[row]! / POWERS_OF_TEN[this.scales[row]!]! + 0;
  }

  /** The sum in its one form: equal sums give equal parts, however they were added up. */
  canonical(row: number): { readonly mantissa: bigint; readonly scale: number } {
    return reduced(this.decimal(row));
  }

  /** The mantissa at the least plain scale; null where the sum is none of a plain number's. */
  plain(row: number): { readonly mantissa: number; readonly scale: number } | null {
    let mantissa: number;
    let scale: number;
    const large = this.large.get(row);
    if (large === undefined) {
      mantissa = this.mantissas[row]!;
      scale = this.scales[row]!;
    } else {
      const short = reduced(large);
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
    return this.large.get(row) ?? { mantissa: BigInt(this.mantissas[row]!), scale: this.scales[row]! };
  }

  private addLarge(row: number, other: Decimal): void {
    this.large.set(row, reduced(plus(this.decimal(row), other)));
  }

  private grow(): void {
    const mantissas = new Float64Array(this.mantissas.length * 2);
    mantissas.set(this.mantissas);
    this.mantissas = mantissas;
    const scales = new Uint8Array(mantissas.length);
    scales.set(this.scales);
    this.scales = scales;
  }
}
