import { createConnectReader } from '../connect-schema';
import type { FormatFactory } from '../format';
import { frameOf, payloadOf } from '../framing';
import { likelyFormat, likelyKey } from '../likely-format';
import { Undecodable } from '../undecodable';
import { utf8Text } from './text';

const INTEGER_PAST_2_53 = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/;
/** No JSON begins with a byte below this one; the id of a schema does. */
const TAB = 9;

/**
 * JSON in UTF-8: plain, behind the id of a JSON Schema (which is not needed to read it), or in Kafka Connect's
 * envelope.
 */
export const jsonFormat: FormatFactory = (_, place) => {
  const { name, malformed } = place;
  const withoutEnvelope = createConnectReader(place.paths ?? []);
  let text = '';
  return {
    structured: true,
    read: (bytes, from, to) => {
      const framed = from < to && bytes[from]! < TAB ? frameOf(payloadOf(bytes, from, to), {}, place) : null;
      text =
        framed === null
          ? utf8Text(bytes, from, to, malformed)
          : utf8Text(framed.bytes, framed.from, framed.bytes.length, malformed);
      try {
        return withoutEnvelope(JSON.parse(text));
      } catch (error) {
        throw new Undecodable(
          malformed,
          `${name} is not JSON: ${(error as Error).message}${(place.what === 'key' ? likelyKey : likelyFormat)(bytes, from, to)}`,
          { cause: error },
        );
      }
    },
    roundedIntegers: () => INTEGER_PAST_2_53.test(text),
  };
};
