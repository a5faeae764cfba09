import { isUtf8 } from 'node:buffer';
import { Undecodable, type UndecodableReason } from './undecodable';

const REPLACEMENT = '\ufffd';

/** The text of a range of UTF-8 bytes. Throws where the bytes are not UTF-8: two keys must not become one label. */
export function utf8Text(bytes: Buffer, from: number, to: number, reason: UndecodableReason): string {
  const text = bytes.toString('utf8', from, to);
  if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(from, to))) {
    throw new Undecodable(reason, 'the bytes are not UTF-8 text; is the format in the mapping right?');
  }
  return text;
}

/** Any JSON. */
export function parseJson(text: string, what: string, reason: UndecodableReason): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Undecodable(reason, `the ${what} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
