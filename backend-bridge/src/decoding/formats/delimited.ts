import type { FormatFactory } from '../format';
import { BEGINS_WITH_MARK, MARK } from '../likely-format';
import { Undecodable } from '../undecodable';
import { utf8Text } from './text';

/** ksqlDB's names for whitespace delimiters. */
const NAMED: Readonly<Record<string, string>> = { TAB: '\t', SPACE: ' ' };

/** The columns of one line; null: empty and unquoted. Throws RangeError for an unclosed quote. */
function columnsOf(line: string, delimiter: string): (string | null)[] {
  const columns: (string | null)[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let text = '';
      let from = at + 1;
      for (;;) {
        const quote = line.indexOf('"', from);
        if (quote < 0) throw new RangeError('a quote is not closed');
        text += line.slice(from, quote);
        if (line[quote + 1] === '"') {
          text += '"';
          from = quote + 2;
          continue;
        }
        at = quote + 1;
        break;
      }
      if (at < line.length && line[at] !== delimiter) throw new RangeError('text follows a closed quote');
      columns.push(text);
    } else {
      const next = line.indexOf(delimiter, at);
      const text = line.slice(at, next < 0 ? line.length : next);
      columns.push(text === '' ? null : text);
      at = next < 0 ? line.length : next;
    }
    if (at >= line.length) return columns;
    at += 1;
    if (at === line.length) return [...columns, null];
  }
}

/** The delimiter that makes as many columns as the mapping has, as the end of a sentence; empty: none. */
function likelyDelimiter(line: string, count: number, used: string): string {
  if (line === '') return '; it is empty';
  const other = [',', ';', '\t', '|'].find((one) => one !== used && line.split(one).length === count);
  if (other === undefined) return '';
  return `; say \`delimiter: ${other === '\t' ? 'TAB' : JSON.stringify(other)}\``;
}

/** ksqlDB's DELIMITED: one line of comma-separated values, quoted as in CSV; the mapping names the columns. */
export const delimitedFormat: FormatFactory = ({ columns = [], delimiter = ',' }, { name, malformed }) => {
  const separator = NAMED[delimiter] ?? delimiter;
  return {
    structured: true,
    read: (bytes, from, to) => {
      const line = utf8Text(bytes, from, to, malformed).replace(/\r?\n$/, '');
      // It would be part of the first column.
      if (line.startsWith(MARK)) throw new Undecodable(malformed, `${name} ${BEGINS_WITH_MARK}`);
      let found: (string | null)[];
      try {
        found = columnsOf(line, separator);
      } catch (error) {
        throw new Undecodable(malformed, `${name} is not delimited text: ${(error as Error).message}`, {
          cause: error,
        });
      }
      if (found.length !== columns.length) {
        throw new Undecodable(
          malformed,
          `${name} has ${found.length} columns; the mapping names ${columns.length} (${columns.join(', ')})${likelyDelimiter(line, columns.length, separator)}`,
        );
      }
      const content = Object.create(null) as Record<string, string | null>;
      for (const [index, column] of columns.entries()) content[column] = found[index]!;
      return content;
    },
    roundedIntegers: () => true,
  };
};
