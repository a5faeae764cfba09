import type { FormatFactory } from '../format';
import { likelyFormat, likelyKey } from '../likely-format';
import { Undecodable } from '../undecodable';

interface Width {
  readonly bytes: number;
  readonly article: string;
  read(bytes: Buffer, at: number): number | bigint;
}

/** Big-endian numbers of Kafka's serializers. */
const WIDTHS = {
  short: { bytes: 2, article: 'a', read: (bytes, at) => bytes.readInt16BE(at) },
  int: { bytes: 4, article: 'an', read: (bytes, at) => bytes.readInt32BE(at) },
  bigint: { bytes: 8, article: 'a', read: (bytes, at) => bytes.readBigInt64BE(at) },
  float: { bytes: 4, article: 'a', read: (bytes, at) => bytes.readFloatBE(at) },
  double: { bytes: 8, article: 'a', read: (bytes, at) => bytes.readDoubleBE(at) },
} satisfies Record<string, Width>;

/** Serdes.Long and its like, INT, BIGINT and DOUBLE of ksqlDB's KAFKA format: the whole payload is one number. */
export const numberFormat =
  (width: keyof typeof WIDTHS): FormatFactory =>
  (_, { what, name, malformed }) => {
    const { bytes: length, article, read } = WIDTHS[width];
    return {
      structured: false,
      read: (bytes, from, to) => {
        if (to - from !== length) {
          throw new Undecodable(
            what === 'key' ? 'key_length' : malformed,
            `${name} has ${to - from} bytes; ${article} ${width} has ${length}${(what === 'key' ? likelyKey : likelyFormat)(bytes, from, to)}`,
          );
        }
        return read(bytes, from);
      },
    };
  };
