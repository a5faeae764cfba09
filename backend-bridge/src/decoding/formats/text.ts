import { isUtf8 } from 'node:buffer';
import type { FormatFactory } from '../format';
import { likelyFormat, likelyKey } from '../likely-format';
import { Undecodable, type UndecodableReason } from '../undecodable';

const REPLACEMENT = '\ufffd';

/** The text of a range of UTF-8 bytes. Throws where the bytes are not UTF-8: two keys must not become one label. */
export function utf8Text(bytes: Buffer, from: number, to: number, reason: UndecodableReason): string {
  const text = bytes.toString('utf8', from, to);
  if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(from, to))) {
    const advice = (reason === 'key_malformed' ? likelyKey : likelyFormat)(bytes, from, to);
    throw new Undecodable(
      reason,
      `the bytes are not UTF-8 text${advice === '' ? '; is the format in the mapping right?' : advice}`,
    );
  }
  return text;
}

/** Serdes.String, STRING of ksqlDB's KAFKA format: the whole payload is one text. */
export const textFormat: FormatFactory = (_, { what, name, malformed }) => ({
  structured: false,
  read: (bytes, from, to) => {
    // Of a number only. Text may have zero bytes as separators.
    if (bytes[from] === 0 && (to - from === 8 || to - from === 4 || to - from === 2)) {
      const advice = (what === 'key' ? likelyKey : likelyFormat)(bytes, from, to);
      throw new Undecodable(malformed, `${name} begins with a zero byte, as text does not${advice}`);
    }
    return utf8Text(bytes, from, to, malformed);
  },
});
