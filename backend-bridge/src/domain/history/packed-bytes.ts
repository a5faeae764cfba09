/** A growing byte buffer with the number encodings of packed columns. Little-endian. */
export class ByteWriter {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  get size(): number {
    return this.length;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 to 2^53, seven bits a byte. */
  varint(value: number): void {
    this.room(8);
    while (value >= 0x80) {
      this.bytes[this.length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.bytes[this.length++] = value;
  }

  /** A safe integer with its sign in the last bit. */
  zigzag(value: number): void {
    if (value >= 0 && value < 2 ** 52) this.varint(value * 2);
    else if (value < 0 && value >= -(2 ** 52)) this.varint(-value * 2 - 1);
    else throw new RangeError(`${value} is past what a packed integer holds`);
  }

  bigint(value: bigint): void {
    const negative = value < 0n;
    const hex = (negative ? -value : value).toString(16);
    const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
    this.varint(digits.length + (negative ? 1 : 0));
    for (let i = 0; i < digits.length; i += 2) this.byte(parseInt(digits.slice(i, i + 2), 16));
  }

  float64(value: number): void {
    this.room(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  append(other: Uint8Array): void {
    this.room(other.length);
    this.bytes.set(other, this.length);
    this.length += other.length;
  }

  /** Numbers side by side, less `base` each and then below 2^width, then up to the next whole byte. */
  bits(values: readonly number[], from: number, to: number, width: number, base = 0): void {
    let current = 0;
    let filled = 0;
    for (let i = from; i < to; i += 1) {
      let value = values[i]! - base;
      for (let left = width; left > 0;) {
        const take = Math.min(8 - filled, left);
        const part = 2 ** take;
        current |= (value % part) << filled;
        value = Math.floor(value / part);
        filled += take;
        left -= take;
        if (filled === 8) {
          this.byte(current);
          current = 0;
          filled = 0;
        }
      }
    }
    if (filled > 0) this.byte(current);
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    wider.set(this.bytes);
    this.bytes = wider;
    this.view = new DataView(wider.buffer);
  }
}

/** The bytes that ByteWriter.zigzag writes. */
export function zigzagSize(value: number): number {
  let size = 1;
  for (let left = value >= 0 ? value * 2 : -value * 2 - 1; left >= 0x80; left = Math.floor(left / 0x80)) {
    size += 1;
  }
  return size;
}

/** Reads what a ByteWriter wrote. Throws RangeError past the end. */
export class ByteReader {
  constructor(
    private readonly bytes: Uint8Array,
    public at = 0,
    private readonly length = bytes.length,
  ) {}

  /** Another reader of the same bytes. */
  from(at: number): ByteReader {
    return new ByteReader(this.bytes, at, this.length);
  }

  byte(): number {
    if (this.at >= this.length) throw new RangeError('a packed block ends too early');
    return this.bytes[this.at++]!;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bigint(): bigint {
    const head = this.varint();
    let hex = '';
    for (let i = 0; i < Math.floor(head / 2); i += 1) hex += this.byte().toString(16).padStart(2, '0');
    const value = BigInt(`0x${hex}`);
    return head % 2 === 1 ? -value : value;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    const from = this.at;
    this.at = this.pass(length);
    return this.bytes.subarray(from, this.at);
  }

  /** Copies the next `length` bytes into `into` from `start` on. */
  copy(length: number, into: Uint8Array, start: number): void {
    const end = this.pass(length);
    for (let i = start; this.at < end; i += 1) into[i] = this.bytes[this.at++]!;
  }

  /** Adds `count` numbers of `width` bits to `base` each, into `into` from `start` on. */
  bits(count: number, width: number, base: number, into: Float64Array, start: number): void {
    const end = this.pass(Math.ceil((count * width) / 8));
    if (width === 0) into.fill(base, start, start + count);
    else if (width <= 24) this.narrow(count, width, base, into, start);
    else this.wide(count, width, base, into, start);
    this.at = end;
  }

  /** Skips `count` numbers of `width` bits. */
  skipBits(count: number, width: number): void {
    this.at = this.pass(Math.ceil((count * width) / 8));
  }

  private narrow(count: number, width: number, base: number, into: Float64Array, start: number): void {
    const { bytes } = this;
    const mask = (1 << width) - 1;
    let { at } = this;
    let held = 0;
    let filled = 0;
    for (let i = start; i < start + count; i += 1) {
      // Up to 23 bits are held here: 31 after the next byte.
      while (filled < width) {
        held |= bytes[at]! << filled;
        at += 1;
        filled += 8;
      }
      into[i] = base + (held & mask);
      held >>>= width;
      filled -= width;
    }
  }

  private wide(count: number, width: number, base: number, into: Float64Array, start: number): void {
    const { bytes } = this;
    let bit = this.at * 8;
    for (let i = start; i < start + count; i += 1) {
      let value = 0;
      let factor = 1;
      for (let left = width; left > 0;) {
        const take = Math.min(8 - (bit & 7), left);
        value += ((bytes[bit >>> 3]! >>> (bit & 7)) & ((1 << take) - 1)) * factor;
        factor *= 2 ** take;
        bit += take;
        left -= take;
      }
      into[i] = base + value;
    }
  }

  /** Where the next `length` bytes end. */
  private pass(length: number): number {
    const end = this.at + length;
    if (end > this.length) throw new RangeError('a packed block ends too early');
    return end;
  }
}
