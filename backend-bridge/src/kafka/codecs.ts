import { gzipSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { unpackWhole, type Codec as CodecName } from './fetch/unpack';

/** A codec as kafkajs calls it: its encoder in, bytes out. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** Limit for record sets of brokers before 0.11, which these unpack; newer batches are streamed in fetch/. */
const OLD_BATCH_BYTES = 67_108_864;

const codec = (name: CodecName, compress: (buffer: Buffer) => Buffer): Codec => ({
  compress: async ({ buffer }) => Promise.resolve(compress(buffer)),
  decompress: (bytes) => unpackWhole(name, bytes, OLD_BATCH_BYTES),
});

export const codecs = {
  gzip: codec('gzip', gzipSync),
  snappy: codec('snappy', compressSync),
  lz4: codec('lz4', compressFrameSync),
  zstd: {
    ...codec('zstd', (buffer) => buffer),
    compress: async (_encoder: { readonly buffer: Buffer }): Promise<Buffer> =>
      Promise.reject(new Error('zstd: compression is not implemented, only decompression')),
  },
} satisfies Record<string, Codec>;

/** Registers snappy, lz4 and zstd, which kafkajs does not include, and gzip with a size limit. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = () => codecs.gzip;
  CompressionCodecs[CompressionTypes.Snappy] = () => codecs.snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => codecs.lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => codecs.zstd;
}
