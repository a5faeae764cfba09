import { decompress as zstdDecompress } from 'fzstd';
import kafkajs from 'kafkajs';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { uncompressSnappy } from './xerial-snappy';

/** What kafkajs asks of a codec: its own encoder in, bytes out. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const snappy: Codec = {
  compress: async ({ buffer }) => Promise.resolve(compressSync(buffer)),
  decompress: async (bytes) => Promise.resolve(uncompressSnappy(bytes)),
};

const lz4: Codec = {
  compress: async ({ buffer }) => Promise.resolve(compressFrameSync(buffer)),
  decompress: async (bytes) => Promise.resolve(decompressFrameSync(bytes)),
};

const zstd: Codec = {
  compress: async () => Promise.reject(new Error('zstd: this bridge reads it and never writes it')),
  decompress: async (bytes) => {
    const plain = zstdDecompress(bytes);
    return Promise.resolve(Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength));
  },
};

/** Without these a batch compressed by snappy, lz4 or zstd stops kafkajs's consumer for good. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd;
}

export const codecs = { snappy, lz4, zstd };
