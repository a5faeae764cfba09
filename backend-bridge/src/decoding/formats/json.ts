import { Undecodable } from '../undecodable';
import { utf8Text } from './text';
import type { FormatFactory } from '../format';

const INTEGER_PAST_2_53 = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/;

/** JSON in UTF-8. */
export const jsonFormat: FormatFactory = (_, { name, malformed }) => {
  let text = '';
  return {
    structured: true,
    read: (bytes, from, to) => {
      text = utf8Text(bytes, from, to, malformed);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new Undecodable(malformed, `${name} is not JSON: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
    roundedIntegers: () => INTEGER_PAST_2_53.test(text),
  };
};
