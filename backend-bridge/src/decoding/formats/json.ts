import { createConnectReader } from '../connect-schema';
import type { FormatFactory } from '../format';
import { frameOf, payloadOf } from '../framing';
import { likelyFile, likelyFormat, likelyKey } from '../likely-format';
import { Undecodable } from '../undecodable';
import { utf8Text } from './text';

const INTEGER_PAST_2_53 = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/;
const LONG_INTEGERS = new RegExp(INTEGER_PAST_2_53, 'g');

/** The JSON text with long integers quoted, so that parsing keeps their digits. */
function quoteLongIntegers(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('"', at);
    const outside = text.slice(at, open < 0 ? text.length : open);
    parts.push(outside.replace(LONG_INTEGERS, '"$&"'));
    if (open < 0) break;
    at = endOfString(text, open);
    parts.push(text.slice(open, at));
  }
  return parts.join('');
}

/** The index after the JSON string that begins at `open`. */
function endOfString(text: string, open: number): number {
  let at = open + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** JSON never begins with a byte below this one; a schema id does. */
const TAB = 9;

/** JSON in UTF-8: plain, prefixed with the id of a JSON Schema (which is ignored), or in Kafka Connect's envelope. */
export const jsonFormat: FormatFactory = (_, place) => {
  const { name, malformed } = place;
  const withoutEnvelope = createConnectReader(place.paths ?? []);
  let text = '';
  const advice = (bytes: Buffer, from: number, to: number): string => {
    if (place.what === 'key') return likelyKey(bytes, from, to);
    // Malformed JSON is not another format.
    return /^\s*[[{]/.test(text) ? likelyFile(bytes.subarray(from, to)) : likelyFormat(bytes, from, to);
  };
  return {
    structured: true,
    read: (bytes, from, to) => {
      const framed = from < to && bytes[from]! < TAB ? frameOf(payloadOf(bytes, from, to), {}, place) : null;
      text =
        framed === null
          ? utf8Text(bytes, from, to, malformed)
          : utf8Text(framed.bytes, framed.from, framed.bytes.length, malformed);
      try {
        const content: unknown = JSON.parse(text);
        return content === null ? undefined : withoutEnvelope(content);
      } catch (error) {
        throw new Undecodable(
          malformed,
          `${name} is not JSON: ${(error as Error).message}${advice(bytes, from, to)}`,
          { cause: error },
        );
      }
    },
    roundedIntegers: () => INTEGER_PAST_2_53.test(text),
    exactContent: () => withoutEnvelope(JSON.parse(quoteLongIntegers(text))),
  };
};
