import { setImmediate } from 'node:timers/promises';
import { createUnzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { decompressFrameSync } from 'lz4-napi';
import { uncompressSync } from 'snappy';

/** Compression codecs by the low bits of a batch's attributes. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];

const MIB = 1_048_576;
const PIECE_BYTES = 262_144;

/**
 * Decompresses a batch on demand, piece by piece, since a few kilobytes may expand to gigabytes. Throws for damaged
 * bytes, or when decompression would exceed the memory limit of a batch.
 */
export function unpack(codec: Codec, bytes: Buffer): AsyncIterable<Buffer> | Iterable<Buffer> {
  switch (codec) {
    case 'none':
      return [bytes];
    case 'gzip':
      return gunzip(bytes);
    case 'snappy':
      return unpackSnappy(bytes);
    case 'lz4':
      return unpackLz4(bytes);
    case 'zstd':
      return unpackZstd(bytes);
  }
}

/** Decompresses everything. Throws past `limit` bytes. */
export async function unpackWhole(codec: Codec, bytes: Buffer, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of unpack(codec, bytes)) {
    size += piece.length;
    if (size > limit) throw new RangeError(`it unpacks to more than ${limit} bytes`);
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

async function* gunzip(bytes: Buffer): AsyncGenerator<Buffer> {
  const stream = createUnzip({ chunkSize: PIECE_BYTES });
  stream.end(bytes);
  // Also ends the stream when the reader stops early.
  for await (const piece of stream) yield piece as Buffer;
}

/** Snappy framing of Java producers: a header, then length-prefixed blocks. Others write one raw block. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER = XERIAL_MAGIC.length + 8;
/** Snappy's largest expansion: 64 bytes from a three-byte copy. */
const SNAPPY_RATIO = 32;

function snappyBlock(block: Buffer): Buffer {
  let length = 0;
  for (let i = 0; i < 5 && i < block.length; i += 1) {
    length += (block[i]! & 0x7f) * 2 ** (7 * i);
    if (block[i]! < 0x80) break;
  }
  // Memory is allocated by the size that the block declares.
  if (length > block.length * SNAPPY_RATIO) throw new Error('snappy: the block is shorter than it says');
  const bytes = uncompressSync(block, { asBuffer: true });
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

function* unpackSnappy(bytes: Buffer): Generator<Buffer> {
  if (bytes.length < XERIAL_HEADER || !bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    yield snappyBlock(bytes);
    return;
  }
  let at = XERIAL_HEADER;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Error('snappy: the batch ends within a block length');
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (at + length > bytes.length) throw new Error('snappy: a block goes past the end of the batch');
    yield snappyBlock(bytes.subarray(at, at + length));
    at += length;
  }
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_INDEPENDENT = 0x20;
const LZ4_BLOCK_CHECKSUM = 0x10;
const LZ4_CONTENT_SIZE = 0x08;
const LZ4_CONTENT_CHECKSUM = 0x04;
/** Frame headers for independent blocks of at most 64 KiB, 256 KiB, 1 MiB and 4 MiB, without checksums. */
const LZ4_HEADS: Readonly<Record<number, Buffer>> = {
  4: Buffer.from('04224d18604082', 'hex'),
  5: Buffer.from('04224d186050fb', 'hex'),
  6: Buffer.from('04224d18606051', 'hex'),
  7: Buffer.from('04224d18607073', 'hex'),
};
const LZ4_END = Buffer.alloc(4);
const LZ4_LINKED_LIMIT = 64 * MIB;

/** What a block unpacks to, by the lengths in it. */
function lz4Length(block: Buffer): number {
  let at = 0;
  let total = 0;
  const lengthFrom = (half: number): number => {
    let length = half;
    if (half === 15) {
      let more = 255;
      while (more === 255 && at < block.length) {
        more = block[at++]!;
        length += more;
      }
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = lengthFrom(token >> 4);
    at += literals;
    total += literals;
    if (at >= block.length) break;
    at += 2;
    total += 4 + lengthFrom(token & 15);
  }
  return total;
}

/** Decompresses block by block, each as its own frame. Kafka's producers write independent blocks. */
function* unpackLz4(bytes: Buffer): Generator<Buffer> {
  let frame = 0;
  while (frame < bytes.length) {
    const flags = bytes[frame + 4];
    const head = LZ4_HEADS[(bytes[frame + 5] ?? 0) >> 4];
    if (bytes.length < frame + 7 || bytes.readUInt32LE(frame) !== LZ4_MAGIC || head === undefined) {
      throw new Error('lz4: not a frame');
    }
    const independent = (flags! & LZ4_INDEPENDENT) !== 0;
    let at = frame + 7 + ((flags! & LZ4_CONTENT_SIZE) === 0 ? 0 : 8);
    let length = 0;
    for (;;) {
      if (at + 4 > bytes.length) throw new Error('lz4: the frame is cut off');
      const size = bytes.readUInt32LE(at);
      if (size === 0) break;
      const plain = size >= 0x8000_0000;
      const from = at + 4;
      const to = from + (plain ? size - 0x8000_0000 : size);
      if (to > bytes.length) throw new Error('lz4: a block goes past the end of the frame');
      const block = bytes.subarray(from, to);
      if (independent) {
        yield plain ? block : decompressFrameSync(Buffer.concat([head, bytes.subarray(at, to), LZ4_END]));
      }
      if (!independent) length += plain ? block.length : lz4Length(block);
      at = to + ((flags! & LZ4_BLOCK_CHECKSUM) === 0 ? 0 : 4);
    }
    at += 4 + ((flags! & LZ4_CONTENT_CHECKSUM) === 0 ? 0 : 4);
    if (!independent) {
      if (length > LZ4_LINKED_LIMIT)
        throw new RangeError('lz4: dependent blocks that decompress to too much');
      yield decompressFrameSync(bytes.subarray(frame, at));
    }
    frame = at;
  }
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_WINDOW_LIMIT = 128 * MIB;
/** fzstd moves the whole window for each block; window size times blocks above this takes several seconds. */
const ZSTD_WORK_LIMIT = 16_384 * MIB;
/** Window size times blocks after which everything else has its turn. */
const ZSTD_TURN_WORK = 128 * MIB;

/** Window size of the frame at `at`, and the position of its blocks. */
function zstdFrame(bytes: Buffer, at: number): { readonly window: number; readonly blocks: number } {
  const flags = bytes.readUInt8(at + 4);
  const single = (flags & 0x20) !== 0;
  const dictionary = at + 5 + (single ? 0 : 1);
  const size = dictionary + [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = flags >> 6 === 0 ? Number(single) : 1 << (flags >> 6);
  const blocks = size + sizeBytes;
  if (!single) {
    const descriptor = bytes.readUInt8(at + 5);
    const base = 2 ** (10 + (descriptor >> 3));
    return { window: base + (base / 8) * (descriptor & 7), blocks };
  }
  if (sizeBytes === 8) return { window: Number(bytes.readBigUInt64LE(size)), blocks };
  return { window: bytes.readUIntLE(size, sizeBytes) + (sizeBytes === 2 ? 256 : 0), blocks };
}

/** The largest window of all frames, and where each block ends. Throws for invalid or truncated frames. */
function zstdBlocks(bytes: Buffer): { readonly window: number; readonly ends: readonly number[] } {
  let window = 0;
  const ends: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const magic = bytes.readUInt32LE(at);
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== ZSTD_MAGIC) throw new Error('zstd: not a frame');
    const frame = zstdFrame(bytes, at);
    window = Math.max(window, frame.window);
    const checksum = (bytes.readUInt8(at + 4) & 4) === 0 ? 0 : 4;
    at = frame.blocks;
    for (let last = false; !last;) {
      const block = bytes.readUIntLE(at, 3);
      last = (block & 1) === 1;
      at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3) + (last ? checksum : 0);
      ends.push(at);
    }
    if (at > bytes.length) throw new Error('zstd: the frame is cut off');
  }
  return { window, ends };
}

async function* unpackZstd(bytes: Buffer): AsyncGenerator<Buffer> {
  const { window, ends } = zstdBlocks(bytes);
  if (window > ZSTD_WINDOW_LIMIT) throw new RangeError(`zstd: it needs a window of ${window} bytes`);
  let pieces: Buffer[] = [];
  let work = 0;
  const stream = new Decompress((piece) => {
    work += window;
    if (work > ZSTD_WORK_LIMIT) throw new RangeError('zstd: it unpacks to too much with so large a window');
    if (piece.length > 0) pieces.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
  });
  let from = 0;
  let turnEnds = ZSTD_TURN_WORK;
  for (const end of ends) {
    stream.push(bytes.subarray(from, end), end === ends.at(-1));
    from = end;
    const ready = pieces;
    pieces = [];
    yield* ready;
    if (work < turnEnds) continue;
    await setImmediate();
    turnEnds = work + ZSTD_TURN_WORK;
  }
}
