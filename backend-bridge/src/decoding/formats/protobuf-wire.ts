import { isUtf8 } from 'node:buffer';

/**
 * Strict reader of Protobuf's wire format: throws RangeError for truncated data and invalid UTF-8, where protobufjs
 * silently continues.
 */

export const VARINT = 0;
export const FIXED64 = 1;
export const SIZED = 2;
export const GROUP = 3;
export const GROUP_END = 4;
export const FIXED32 = 5;

const TWO_TO_32 = 4_294_967_296;
/** High words for which a double represents every low word. */
const SAFE_HIGH = 0x1fffff;
const MAX_DEPTH = 100;
const REPLACEMENT = '\ufffd';

export class WireReader {
  at = 0;
  /** The unsigned halves of the last varint. */
  private low = 0;
  private high = 0;

  end: number;

  constructor(private bytes: Buffer) {
    this.end = bytes.length;
  }

  /** Sets the bytes to read. */
  reset(bytes: Buffer, from: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = bytes.length;
  }

  private need(count: number): void {
    if (this.at + count > this.end) throw new RangeError('it ends within a field');
  }

  private varint(): void {
    const { bytes, end } = this;
    const first = this.at < end ? bytes[this.at]! : 0xff;
    if (first < 0x80) {
      this.at += 1;
      this.low = first;
      this.high = 0;
      return;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw new RangeError('it ends within a number');
      const byte = bytes[this.at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new RangeError('a number has more than ten bytes');
  }

  /** The tag of the next field. */
  tag(): number {
    this.varint();
    if (this.high !== 0 || this.low < 8) throw new RangeError('a field has no number');
    return this.low;
  }

  uint32(): number {
    this.varint();
    return this.low;
  }
  int32(): number {
    this.varint();
    return this.low | 0;
  }
  sint32(): number {
    this.varint();
    return (this.low >>> 1) ^ -(this.low & 1);
  }
  bool(): boolean {
    this.varint();
    return this.low !== 0 || this.high !== 0;
  }
  uint64(): number | bigint {
    this.varint();
    return unsigned(this.high, this.low);
  }
  int64(): number | bigint {
    this.varint();
    return signed(this.high | 0, this.low);
  }
  sint64(): number | bigint {
    this.varint();
    const { low, high } = this;
    const sign = -(low & 1);
    return signed((high >>> 1) ^ sign, (((low >>> 1) | (high << 31)) ^ sign) >>> 0);
  }
  fixed32(): number {
    this.need(4);
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }
  sfixed32(): number {
    return this.fixed32() | 0;
  }
  fixed64(): number | bigint {
    const low = this.fixed32();
    return unsigned(this.fixed32(), low);
  }
  sfixed64(): number | bigint {
    const low = this.fixed32();
    return signed(this.fixed32() | 0, low);
  }
  float(): number {
    this.need(4);
    this.at += 4;
    return this.bytes.readFloatLE(this.at - 4);
  }
  double(): number {
    this.need(8);
    this.at += 8;
    return this.bytes.readDoubleLE(this.at - 8);
  }

  /** Reads a length prefix and returns the end of its part. */
  sized(): number {
    const length = this.uint32();
    if (this.high !== 0) throw new RangeError('a part is larger than any record');
    this.need(length);
    return this.at + length;
  }

  string(): string {
    const end = this.sized();
    const { bytes, at } = this;
    this.at = end;
    const text = bytes.toString('utf8', at, end);
    if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(at, end)))
      throw new RangeError('a text is not UTF-8');
    return text;
  }

  buffer(): Buffer {
    const end = this.sized();
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  /** Skips a field. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.need(8);
        this.at += 8;
        return;
      case SIZED:
        this.at = this.sized();
        return;
      case FIXED32:
        this.need(4);
        this.at += 4;
        return;
      case GROUP: {
        if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`);
        const last = tag + (GROUP_END - GROUP);
        for (let next = this.tag(); next !== last; next = this.tag()) this.skip(next, depth + 1);
        return;
      }
      default:
        throw new RangeError(`a field has wire type ${tag & 7}`);
    }
  }

  /** Throws where messages are nested deeper than Protobuf allows by default. */
  static checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`);
  }
}

function unsigned(high: number, low: number): number | bigint {
  return high <= SAFE_HIGH ? high * TWO_TO_32 + low : (BigInt(high) << 32n) | BigInt(low);
}

function signed(high: number, low: number): number | bigint {
  return high <= SAFE_HIGH && high >= -SAFE_HIGH
    ? high * TWO_TO_32 + low
    : (BigInt(high) << 32n) | BigInt(low);
}
