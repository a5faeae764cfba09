import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { codecs, registerCodecs } from './codecs';
import { unpackWhole } from './fetch/unpack';

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

function xerial(chunks: readonly Buffer[]): Buffer {
  const blocks = chunks.flatMap((chunk) => {
    const block = compressSync(chunk);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([MAGIC, ...blocks]);
}

const anyBytes = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));

const uncompressSnappy = (bytes: Buffer): Promise<Buffer> => unpackWhole('snappy', bytes, 1_000_000);

describe('snappy', () => {
  it('reads a bare block and the blocks of Java producers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBytes, { minLength: 1, maxLength: 5 }), async (chunks) => {
        expect(await uncompressSnappy(xerial(chunks))).toEqual(Buffer.concat(chunks));
        expect(await uncompressSnappy(compressSync(chunks[0]!))).toEqual(chunks[0]);
      }),
    );
  });

  it('refuses a batch that is cut off', async () => {
    const whole = xerial([Buffer.from('one'), Buffer.from('two')]);
    await expect(uncompressSnappy(whole.subarray(0, whole.length - 1))).rejects.toThrow(/past the end/);
    await expect(uncompressSnappy(whole.subarray(0, MAGIC.length + 2))).rejects.toThrow(
      /within a block length/,
    );
  });
});

describe('codecs', () => {
  it('round-trip', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, async (buffer) => {
        for (const codec of [codecs.gzip, codecs.snappy, codecs.lz4]) {
          expect(await codec.decompress(await codec.compress({ buffer }))).toEqual(buffer);
        }
      }),
    );
  });

  it('of old brokers unpack no more than 64 MiB', async () => {
    registerCodecs();
    const { CompressionCodecs, CompressionTypes } = kafkajs;
    const zeros = Buffer.alloc(65 * 1_048_576);
    const bombs = [
      [CompressionTypes.GZIP, gzipSync(zeros)],
      [CompressionTypes.LZ4, compressFrameSync(zeros)],
      [CompressionTypes.Snappy, compressSync(zeros)],
    ] as const;
    for (const [type, bytes] of bombs) {
      const codec = (CompressionCodecs[type] as () => (typeof codecs)['gzip'])();
      await expect(codec.decompress(bytes)).rejects.toThrow(/it unpacks to more than/);
    }
  });

  it('read zstd output of the reference implementation', async () => {
    // `zstd -c` of the text "hello hello hello hello\n".
    const bytes = Buffer.from('28b52ffd04586d00003868656c6c6f200a0100994b11a87c2ea8', 'hex');
    await expect(codecs.zstd.decompress(bytes).then(String)).resolves.toBe('hello hello hello hello\n');
    await expect(codecs.zstd.compress({ buffer: bytes })).rejects.toThrow(/only decompression/);
  });
});
