/** Parses expressions into small trees: {kind, line, ...}. */

const LEVELS = [
  ['OR'],
  ['AND'],
  ['=', '<>', '!=', '<', '<=', '>', '>=', 'LIKE'],
  ['+', '-', '||'],
  ['*', '/', '%'],
];
const NO_CALL = new Set(['WINDOWSTART', 'WINDOWEND', 'ROWTIME']);

const AGGREGATES = new Set(
  `COUNT COUNT_DISTINCT SUM AVG MIN MAX COLLECT_LIST COLLECT_SET EARLIEST_BY_OFFSET LATEST_BY_OFFSET TOPK
  TOPKDISTINCT HISTOGRAM STDDEV_SAMP STDDEV_SAMPLE ATTR CORRELATION`.split(/\s+/),
);

export function parseExpression(reader, level = 0) {
  if (level === 2 && reader.isWord('NOT')) {
    const { line } = reader.token;
    reader.takeWord('NOT');
    return { kind: 'operator', text: 'NOT', line, parts: [parseExpression(reader, level)] };
  }
  if (level === LEVELS.length) return parseSuffixes(reader, parsePrimary(reader));
  let left = parseExpression(reader, level + 1);
  for (;;) {
    const { token } = reader;
    if (level === 2 && reader.takeWord('IS')) {
      const not = reader.takeWord('NOT') ? ' NOT' : '';
      reader.needWord('NULL');
      left = { kind: 'operator', text: `IS${not} NULL`, line: token.line, parts: [left] };
      continue;
    }
    if (level === 2 && reader.takeWord('BETWEEN')) {
      const low = parseExpression(reader, 3);
      reader.needWord('AND');
      left = {
        kind: 'operator',
        text: 'BETWEEN',
        line: token.line,
        parts: [left, low, parseExpression(reader, 3)],
      };
      continue;
    }
    const sign =
      token.type === 'sign' || token.type === 'word' ? (token.name ?? token.text).toUpperCase() : '';
    if (!LEVELS[level].includes(sign)) return left;
    reader.at += 1;
    left = {
      kind: 'operator',
      text: sign,
      line: token.line,
      parts: [left, parseExpression(reader, level + 1)],
    };
  }
}

function parsePrimary(reader) {
  const { token } = reader;
  const { line } = token;
  if (token.type === 'string' || token.type === 'number') {
    reader.at += 1;
    return { kind: 'literal', type: token.type, text: token.text, line };
  }
  if (reader.takeSign('-'))
    return { kind: 'operator', text: '-', line, parts: [parseExpression(reader, LEVELS.length)] };
  if (reader.takeSign('(')) {
    const inner = parseExpression(reader);
    reader.needSign(')');
    return inner;
  }
  for (const word of ['TRUE', 'FALSE', 'NULL']) {
    if (reader.takeWord(word)) return { kind: 'literal', type: 'word', text: word, line };
  }
  if (reader.takeWord('CAST')) {
    reader.needSign('(');
    const inner = parseExpression(reader);
    reader.needWord('AS');
    const type = parseType(reader);
    reader.needSign(')');
    return { kind: 'call', name: `CAST ${type}`, line, parts: [inner] };
  }
  if (reader.takeWord('CASE')) return parseCase(reader, line);
  if (reader.takeSign('*')) return { kind: 'star', line };
  const name = reader.identifier('an expression');
  if (token.type === 'word' && !NO_CALL.has(name) && reader.takeSign('(')) {
    const parts = reader.isSign(')') ? [] : reader.list(() => parseExpression(reader));
    reader.needSign(')');
    return { kind: 'call', name, line, parts };
  }
  if (!reader.takeSign('.')) return { kind: 'column', source: null, name, line };
  return { kind: 'column', source: name, name: reader.identifier('a column'), line };
}

function parseSuffixes(reader, base) {
  let expression = base;
  for (;;) {
    const { line } = reader.token;
    if (reader.takeSign('[')) {
      expression = { kind: 'element', line, parts: [expression, parseExpression(reader)] };
      reader.needSign(']');
    } else if (reader.takeSign('->')) {
      expression = { kind: 'field', line, name: reader.identifier('a field'), parts: [expression] };
    } else return expression;
  }
}

function parseCase(reader, line) {
  const parts = [];
  while (reader.takeWord('WHEN')) {
    parts.push(parseExpression(reader));
    reader.needWord('THEN');
    parts.push(parseExpression(reader));
  }
  if (parts.length === 0) reader.fail('WHEN');
  if (reader.takeWord('ELSE')) parts.push(parseExpression(reader));
  reader.needWord('END');
  return { kind: 'case', line, parts };
}

/** `MAP<VARCHAR, VARCHAR>`, `DECIMAL(12, 2)` and the like, as one text. */
export function parseType(reader) {
  const { token } = reader;
  if (token.type !== 'word') reader.fail('a type');
  reader.at += 1;
  let text = token.name;
  if (reader.takeSign('<')) {
    text += `<${reader.list(() => parseType(reader)).join(', ')}>`;
    reader.needSign('>');
  } else if (reader.takeSign('(')) {
    text += `(${reader.list(() => reader.need('number', 'a number').text).join(', ')})`;
    reader.needSign(')');
  }
  return text;
}

/** A text that is equal for equal expressions. */
export function canonical(expression) {
  const parts = (expression.parts ?? []).map(canonical).join(',');
  switch (expression.kind) {
    case 'literal':
      return `${expression.type}:${expression.text}`;
    case 'column':
      return `column:${expression.name}`;
    case 'star':
      return '*';
    default:
      return `${expression.kind}:${expression.name ?? expression.text ?? ''}(${parts})`;
  }
}

/** The expression and everything inside it. */
export function* walk(expression) {
  yield expression;
  for (const part of expression.parts ?? []) yield* walk(part);
}

/** The conditions that hold together: the parts of a chain of AND. Null, as of a query without WHERE: none. */
export function conjuncts(condition) {
  if (condition === null) return [];
  const isChain = condition.kind === 'operator' && condition.text === 'AND';
  return isChain ? condition.parts.flatMap(conjuncts) : [condition];
}

export const isCall = (expression, name) => expression.kind === 'call' && expression.name === name;

export const hasAggregate = (expression) =>
  [...walk(expression)].some((inner) => inner.kind === 'call' && AGGREGATES.has(inner.name));
