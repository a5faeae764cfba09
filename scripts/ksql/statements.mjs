import { parseExpression, parseType } from './expressions.mjs';
import { Reader } from './reader.mjs';
import { SqlFault, tokenize } from './tokens.mjs';

/**
 * Parses the statements that a migration may hold: CREATE STREAM / TABLE, with or without AS SELECT, DROP STREAM /
 * TABLE, SET, UNSET.
 */

const UNIT_MS = {
  MILLISECOND: 1,
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};

/** The statements of a text and the faults that kept others from being read. */
export function parseStatements(text) {
  const statements = [];
  const faults = [];
  let reader;
  try {
    reader = new Reader(tokenize(text));
  } catch (fault) {
    if (fault instanceof SqlFault) return { statements, faults: [fault] };
    throw fault;
  }
  while (!reader.atEnd) {
    try {
      const statement = parseStatement(reader);
      if (!reader.isSign(';')) reader.fail(';');
      reader.takeSign(';');
      statements.push(statement);
    } catch (fault) {
      if (!(fault instanceof SqlFault)) throw fault;
      faults.push(fault);
      reader.skipStatement();
    }
  }
  return { statements, faults };
}

function parseStatement(reader) {
  const { line } = reader.token;
  if (reader.takeWord('SET')) {
    const name = reader.need('string', 'a property in quotes').text;
    reader.needSign('=');
    return { kind: 'set', line, name, value: reader.need('string', 'a value in quotes').text };
  }
  if (reader.takeWord('UNSET'))
    return { kind: 'unset', line, name: reader.need('string', 'a property in quotes').text };
  if (reader.takeWord('DROP')) return parseDrop(reader, line);
  if (!reader.takeWord('CREATE')) {
    throw new SqlFault(
      'statement-not-allowed',
      `${reader.token.text} does not belong in a migration; use CREATE, DROP, SET, UNSET`,
      reader.token,
    );
  }
  const orReplace = reader.takeWord('OR', 'REPLACE');
  reader.takeWord('SOURCE');
  const type = reader.takeWord('STREAM') ? 'stream' : 'table';
  if (type === 'table') reader.needWord('TABLE');
  const ifNotExists = reader.takeWord('IF', 'NOT', 'EXISTS');
  const name = reader.identifier('the name of the stream or table');
  let columns = null;
  if (reader.takeSign('(')) {
    columns = reader.list(() => parseColumn(reader));
    reader.needSign(')');
  }
  const properties = reader.takeWord('WITH') ? parseProperties(reader) : new Map();
  const query = reader.takeWord('AS') ? parseQuery(reader) : null;
  if (query === null && columns === null) reader.fail('columns in brackets, or AS SELECT');
  return { kind: 'create', line, type, name, orReplace, ifNotExists, columns, properties, query };
}

function parseDrop(reader, line) {
  const type = reader.takeWord('STREAM') ? 'stream' : 'table';
  if (type === 'table') reader.needWord('TABLE');
  reader.takeWord('IF', 'EXISTS');
  const name = reader.identifier('the name of the stream or table');
  if (reader.takeWord('DELETE')) reader.needWord('TOPIC');
  return { kind: 'drop', line, type, name };
}

function parseColumn(reader) {
  const { line } = reader.token;
  const name = reader.identifier('a column');
  const type = parseType(reader);
  const key = reader.takeWord('PRIMARY', 'KEY') ? 'primary' : reader.takeWord('KEY') ? 'key' : null;
  if (reader.takeWord('HEADERS')) return { name, type, key: null, line };
  return { name, type, key, line };
}

function parseProperties(reader) {
  const properties = new Map();
  reader.needSign('(');
  reader.list(() => {
    const { line } = reader.token;
    const name = reader.need('word', 'a property').name;
    reader.needSign('=');
    const { token } = reader;
    if (!['string', 'number', 'word'].includes(token.type)) reader.fail('a value');
    reader.at += 1;
    properties.set(name, { value: token.text, type: token.type, line });
  });
  reader.needSign(')');
  return properties;
}

function parseQuery(reader) {
  const { line } = reader.token;
  reader.needWord('SELECT');
  const items = reader.list(() => parseItem(reader));
  reader.needWord('FROM');
  const from = parseSource(reader);
  const joins = [];
  for (let join = parseJoin(reader); join !== null; join = parseJoin(reader)) joins.push(join);
  const query = { line, items, from, joins, window: null, where: null, groupBy: [], partitionBy: [] };
  query.having = null;
  query.emit = null;
  if (reader.takeWord('WINDOW')) query.window = parseWindow(reader);
  if (reader.takeWord('WHERE')) query.where = parseExpression(reader);
  if (reader.takeWord('GROUP', 'BY')) query.groupBy = reader.list(() => parseExpression(reader));
  if (reader.takeWord('PARTITION', 'BY')) query.partitionBy = reader.list(() => parseExpression(reader));
  if (reader.takeWord('HAVING')) query.having = parseExpression(reader);
  if (reader.takeWord('EMIT')) {
    query.emit = reader.takeWord('FINAL') ? 'final' : 'changes';
    if (query.emit === 'changes') reader.needWord('CHANGES');
  }
  return query;
}

function parseItem(reader) {
  const { line } = reader.token;
  const expression = parseExpression(reader);
  const alias = reader.takeWord('AS') ? reader.identifier('an alias') : null;
  return { expression, alias, line };
}

function parseSource(reader) {
  const { line } = reader.token;
  const name = reader.identifier('a stream or table');
  reader.takeWord('AS');
  const next = reader.token;
  const named =
    next.type === 'name' ||
    (next.type === 'word' &&
      !['WINDOW', 'WHERE', 'GROUP', 'PARTITION', 'HAVING', 'EMIT'].includes(next.name) &&
      !['LEFT', 'RIGHT', 'INNER', 'FULL', 'JOIN', 'ON', 'WITHIN'].includes(next.name));
  return { name, alias: named ? reader.identifier('an alias') : name, line };
}

function parseJoin(reader) {
  const { line } = reader.token;
  const type = ['LEFT', 'RIGHT', 'FULL', 'INNER'].find((word) => reader.takeWord(word));
  if (type !== undefined) reader.takeWord('OUTER');
  if (!reader.takeWord('JOIN')) {
    if (type !== undefined) reader.fail('JOIN');
    return null;
  }
  const source = parseSource(reader);
  if (reader.takeWord('WITHIN')) {
    parseDuration(reader);
    if (reader.takeWord('GRACE', 'PERIOD')) parseDuration(reader);
  }
  reader.needWord('ON');
  return { type: type ?? 'INNER', source, on: parseExpression(reader), line };
}

function parseDuration(reader) {
  const number = Number(reader.need('number', 'a number').text);
  const word = reader.need('word', 'a unit of time').name.replace(/S$/, '');
  if (UNIT_MS[word] === undefined) reader.fail('a unit of time, e.g. SECONDS');
  return number * UNIT_MS[word];
}

function parseWindow(reader) {
  const { line } = reader.token;
  const type = reader.need('word', 'TUMBLING, HOPPING or SESSION').name;
  if (!['TUMBLING', 'HOPPING', 'SESSION'].includes(type)) reader.fail('TUMBLING, HOPPING or SESSION');
  const window = { type, line, sizeMs: null, advanceMs: null, retentionMs: null, graceMs: null };
  reader.needSign('(');
  if (type !== 'SESSION') reader.needWord('SIZE');
  window.sizeMs = parseDuration(reader);
  if (type === 'HOPPING') {
    reader.needSign(',');
    reader.needWord('ADVANCE', 'BY');
    window.advanceMs = parseDuration(reader);
  }
  while (reader.takeSign(',')) {
    if (reader.isWord('RETENTION')) {
      if (window.graceMs !== null) {
        throw new SqlFault(
          'retention-after-grace',
          'RETENTION comes before GRACE PERIOD; ksqlDB reads no other order',
          reader.token,
        );
      }
      reader.takeWord('RETENTION');
      window.retentionMs = parseDuration(reader);
    } else {
      reader.needWord('GRACE', 'PERIOD');
      window.graceMs = parseDuration(reader);
    }
  }
  reader.needSign(')');
  return window;
}
