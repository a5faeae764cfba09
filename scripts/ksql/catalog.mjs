import { canonical, conjuncts, isCall, walk } from './expressions.mjs';

/** What each stream and table of a script offers to the statements after it. */

/**
 * `{name, type, line, windowed, declaredWindow, columns: [{name, key, nullable, fromOptional}], topic, retentionMs, reads,
 * mayBeAhead}` of a statement. `retentionMs`: as the statement says it, or undefined. `reads`: the streams and tables
 * it is made of. `mayBeAhead`: its rows carry the times of a column that nothing has compared with the clock.
 */
export function describe(statement, catalog) {
  const topic = statement.properties.get('KAFKA_TOPIC')?.value ?? statement.name;
  const declaredWindow = statement.properties.has('WINDOW_TYPE');
  const retention = statement.properties.get('RETENTION_MS');
  const retentionMs = retention === undefined ? undefined : Number(retention.value);
  const { name, type, line } = statement;
  const base = { name, type, line, topic, retentionMs, declaredWindow };
  if (statement.query === null) {
    const columns = statement.columns.map(({ name, key }) => ({
      name,
      key: key !== null,
      nullable: key === null,
    }));
    const writer = [...catalog.values()].find((other) => other.topic === topic && other.reads.length > 0);
    const mayBeAhead = statement.properties.has('TIMESTAMP') && (writer === undefined || writer.mayBeAhead);
    return { ...base, windowed: declaredWindow, columns, reads: [], mayBeAhead };
  }
  const { query } = statement;
  const sources = sourcesOf(query, catalog);
  const keys = keyExpressions(query, sources).map(canonical);
  const required = new Set(
    conjuncts(query.where)
      .filter(({ kind, text }) => kind === 'operator' && text === 'IS NOT NULL')
      .map(({ parts }) => canonical(parts[0])),
  );
  const columns = query.items.flatMap((item) => columnsOf(item, sources, keys, required));
  const windowed =
    query.window !== null ||
    (query.groupBy.length === 0 && sources.some(({ object }) => object?.windowed === true));
  const reads = sources.map(({ name }) => name);
  return { ...base, windowed, columns, reads, mayBeAhead: mayBeAhead(query, sources) };
}

/** Whether the rows that a query counts or writes may be stamped in the future. */
export function mayBeAhead(query, sources) {
  if (conjuncts(query.where).some(isBelowClock)) return false;
  return sources.some(({ object }) => object?.type === 'stream' && object.mayBeAhead);
}

/** `time <= UNIX_TIMESTAMP() + 60000` and the like, in either order. */
function isBelowClock({ kind, text, parts }) {
  if (kind !== 'operator') return false;
  const [below, above] =
    { '<': [0, 1], '<=': [0, 1], '>': [1, 0], '>=': [1, 0], BETWEEN: [0, 2] }[text] ?? [];
  if (above === undefined) return false;
  const readsClock = (part) => [...walk(part)].some((inner) => isCall(inner, 'UNIX_TIMESTAMP'));
  return readsClock(parts[above]) && !readsClock(parts[below]);
}

/** The column on the left side of the query's first join; undefined when it is another expression. */
export function leftJoinColumn(query) {
  return query.joins[0].on.parts?.find(
    (part) => part.kind === 'column' && (part.source ?? query.from.alias) === query.from.alias,
  );
}

/** The query's sources under their aliases; `object` is undefined for one that nothing declared. */
export function sourcesOf(query, catalog) {
  const first = {
    alias: query.from.alias,
    name: query.from.name,
    object: catalog.get(query.from.name),
    mayMiss: false,
  };
  const joined = query.joins.map(({ type, source }) => ({
    alias: source.alias,
    name: source.name,
    object: catalog.get(source.name),
    mayMiss: type === 'LEFT' || type === 'FULL',
  }));
  return [first, ...joined];
}

/** What becomes the record's key: the group, the new partitioning, the join's left side, or the source's own key. */
export function keyExpressions(query, sources) {
  if (query.groupBy.length > 0) return query.groupBy;
  if (query.partitionBy.length > 0) return query.partitionBy;
  if (query.joins.length > 0) {
    const left = leftJoinColumn(query);
    return left === undefined ? [] : [left];
  }
  const columns = sources[0].object?.columns ?? [];
  return columns
    .filter((column) => column.key)
    .map((column) => ({ kind: 'column', source: null, name: column.name, line: query.line }));
}

/** The source column that a column expression names; undefined when there is none. */
export function findColumn(expression, sources) {
  const among =
    expression.source === null ? sources : sources.filter(({ alias }) => alias === expression.source);
  for (const { object, mayMiss } of among) {
    const column = object?.columns.find(({ name }) => name === expression.name);
    if (column !== undefined) return { ...column, nullable: column.nullable || mayMiss, mayMiss };
  }
  return undefined;
}

function mayBeNull(expression, sources, required) {
  if (isCall(expression, 'COALESCE'))
    return expression.parts.every((part) => part.kind !== 'literal') && expression.parts.length > 0;
  return [...walk(expression)].some(
    (inner) =>
      inner.kind === 'column' &&
      !required.has(canonical(inner)) &&
      findColumn(inner, sources)?.nullable === true,
  );
}

function columnsOf(item, sources, keys, required) {
  const { expression, alias } = item;
  if (expression.kind === 'star') {
    return sources.flatMap(({ object }) => object?.columns ?? []);
  }
  const name = alias ?? outputName(item);
  const key = keys.includes(canonical(expression));
  const fromOptional = [...walk(expression)].some(
    (inner) => inner.kind === 'column' && findColumn(inner, sources)?.mayMiss === true,
  );
  return [{ name, key, nullable: mayBeNull(expression, sources, required), fromOptional }];
}

/** The name of a column; null for `KSQL_COL_n` of an unnamed expression. */
export function outputName({ expression, alias }) {
  if (alias !== null) return alias;
  return expression.kind === 'column' ? expression.name : null;
}
