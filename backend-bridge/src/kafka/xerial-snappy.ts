import { uncompressSync } from 'snappy';

/** Snappy as Java's producers write it: a header, then blocks with their lengths. Others write one bare block. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = MAGIC.length + 8;

function uncompressBlock(block: Buffer): Buffer {
  const bytes = uncompressSync(block, { asBuffer: true });
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

/** Throws where a block's length goes past the end, or a block is damaged. */
export function uncompressSnappy(bytes: Buffer): Buffer {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return uncompressBlock(bytes);
  const blocks: Buffer[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Error('snappy: the batch ends within a block length');
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (at + length > bytes.length) throw new Error('snappy: a block goes past the end of the batch');
    blocks.push(uncompressBlock(bytes.subarray(at, at + length)));
    at += length;
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}
