/** Splits ksqlDB SQL into tokens, with the place of each, and knows which words are reserved. */

/** A problem at one place of a file: `rule` is its stable name, `message` says what to do. */
export class SqlFault extends Error {
  constructor(rule, message, at) {
    super(message);
    this.rule = rule;
    this.line = at?.line ?? 1;
  }
}

/** Words of the grammar of 7.4 to 8.4 that cannot be names unless they stand in backticks. */
export const RESERVED = new Set(
  `SELECT FROM AS ALL DISTINCT WHERE WITHIN WINDOW GROUP BY HAVING LIMIT AT OR AND IN NOT EXISTS BETWEEN LIKE IS
  NULL TRUE FALSE MILLISECOND YEARS MONTHS DAYS HOURS MINUTES SECONDS MILLISECONDS TUMBLING HOPPING SIZE ADVANCE
  RETENTION CASE WHEN THEN ELSE END JOIN FULL OUTER INNER LEFT RIGHT ON WITH VALUES CREATE TABLE TOPIC STREAM
  STREAMS INSERT DELETE INTO DESCRIBE EXTENDED PRINT CAST LIST TOPICS QUERY QUERIES TERMINATE PAUSE RESUME LOAD
  DROP TO RENAME SAMPLE EXPORT CATALOG PROPERTIES BEGINNING UNSET RUN SCRIPT DECIMAL CONNECTOR CONNECTORS NAMESPACE
  MATERIALIZED VIEW`.split(/\s+/),
);

const SPACE = /\s/;
const LETTER = /[A-Za-z_]/;
const DIGIT = /[0-9]/;
const OPERATORS = ['<>', '!=', '<=', '>=', '||', '->', '=>', ':='];

/**
 * Tokens `{type, text, name?, line}` of a text. Types: word, name (quoted), string, number, sign, end.
 * `name` of a word is its upper case, of a quoted name its exact text, as ksqlDB sees it.
 */
export function tokenize(text) {
  const tokens = [];
  let at = 0;
  let line = 1;
  const quoted = (quote) => {
    const start = { line };
    let value = '';
    for (at += 1; ; at += 1) {
      if (at >= text.length) throw new SqlFault('syntax', `a ${quote} is opened and never closed`, start);
      if (text[at] === '\n') line += 1;
      if (text[at] !== quote) value += text[at];
      else if (text[at + 1] === quote) {
        value += quote;
        at += 1;
      } else break;
    }
    at += 1;
    return { value, line: start.line };
  };
  const run = (accepts) => {
    const from = at;
    while (at < text.length && accepts.test(text[at])) at += 1;
    return text.slice(from, at);
  };
  while (at < text.length) {
    const char = text[at];
    if (char === '\n') line += 1;
    if (SPACE.test(char)) at += 1;
    else if (text.startsWith('--', at)) {
      const end = text.indexOf('\n', at);
      if (end < 0) throw new SqlFault('syntax', 'end the last comment with a new line', { line });
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at);
      if (end < 0) throw new SqlFault('syntax', 'a /* is opened and never closed', { line });
      line += text.slice(at, end).split('\n').length - 1;
      at = end + 2;
    } else if (char === "'") {
      const { value, line: from } = quoted(char);
      tokens.push({ type: 'string', text: value, line: from });
    } else if (char === '`' || char === '"') {
      const { value, line: from } = quoted(char);
      tokens.push({ type: 'name', text: value, name: value, line: from });
    } else if (LETTER.test(char)) {
      const word = run(/[A-Za-z0-9_@]/);
      tokens.push({ type: 'word', text: word, name: word.toUpperCase(), line });
    } else if (DIGIT.test(char)) tokens.push({ type: 'number', text: run(/[0-9.eE]/), line });
    else {
      const sign = OPERATORS.find((operator) => text.startsWith(operator, at)) ?? char;
      if (!'()[],;.=<>!+-*/%|:$'.includes(sign[0]))
        throw new SqlFault('syntax', `unexpected ${JSON.stringify(char)}`, { line });
      tokens.push({ type: 'sign', text: sign, line });
      at += sign.length;
    }
  }
  tokens.push({ type: 'end', text: 'the end of the file', line });
  return tokens;
}
