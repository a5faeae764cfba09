const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Neither size nor checksum, and a window of 1 MiB. */
const DESCRIPTOR = Buffer.from([0x00, 0x50]);
const BLOCK_BYTES = 131_072;
const RAW = 0;
const REPEATED = 1;

/**
 * Bytes as one zstd frame: a block of equal bytes takes four bytes, every other one stands as it is. Node 20 has no
 * zstd of its own, and this needs no more to be a bomb.
 */
export function zstdFrame(bytes: Buffer): Buffer {
  const parts: Buffer[] = [MAGIC, DESCRIPTOR];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const repeated = block.length > 1 && block.every((byte) => byte === block[0]);
    const head = Buffer.alloc(3);
    const last = at + BLOCK_BYTES >= bytes.length ? 1 : 0;
    head.writeUIntLE((block.length << 3) | ((repeated ? REPEATED : RAW) << 1) | last, 0, 3);
    parts.push(head, repeated ? block.subarray(0, 1) : block);
  }
  return Buffer.concat(parts);
}
