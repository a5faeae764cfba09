import { canonical, hasAggregate, isCall, walk } from './expressions.mjs';
import { findColumn, keyExpressions, leftJoinColumn, mayBeAhead, outputName, sourcesOf } from './catalog.mjs';
import { SqlFault } from './tokens.mjs';

/**
 * What ksqlDB refuses, and what it takes and then does wrong. Each rule has a failing example in
 * tests/fixtures/ksql-bad/, named as the rule.
 */

const SINGLE_VALUE_FORMATS = new Set(['KAFKA', 'DELIMITED', 'NONE']);
/** How long Kafka keeps a topic by default: a replay of its events is that long. */
const REPLAY_MS = 7 * 86_400_000;
const WINDOW_BOUNDS = new Set(['WINDOWSTART', 'WINDOWEND']);

/** Faults of one CREATE statement; `catalog` holds what the statements before it made. */
export function faultsOf(statement, catalog) {
  const faults = [];
  const report = (rule, message, at = statement) => faults.push(new SqlFault(rule, message, at));
  checkCreation(statement, catalog, report);
  checkProperties(statement, catalog, report);
  if (statement.query === null) checkDeclaration(statement, report);
  else {
    const sources = sourcesOf(statement.query, catalog);
    checkColumns(statement.query, sources, report);
    checkSources(statement.query, sources, report);
    checkAggregation(statement, sources, report);
    checkKey(statement, sources, report);
    if (statement.query.joins.length > 0) checkJoin(statement.query, sources, report);
    if (statement.query.window !== null) checkWindow(statement.query, sources, report);
    else if (statement.query.emit === 'final')
      report('emit-final-without-window', 'EMIT FINAL needs a WINDOW');
  }
  return faults;
}

/** Faults of one DROP statement; `headless`: it stands in a queries file of a headless server. */
export function faultsOfDrop(statement, catalog, headless) {
  const { name, type } = statement;
  const faults = [];
  const report = (rule, message) => faults.push(new SqlFault(rule, message, statement));
  if (headless) {
    report(
      'drop-in-headless',
      `a headless server ends at DROP; leave the statement that makes ${name} out instead`,
    );
  } else if (catalog.get(name)?.type !== type) {
    report('unknown-drop', `no statement before this one makes a ${type} ${name}`);
  } else {
    const readers = [...catalog.values()]
      .filter(({ reads }) => reads.includes(name))
      .map((reader) => reader.name);
    if (readers.length > 0)
      report('dropped-while-read', `${readers.join(', ')} still read ${name}; drop what reads it first`);
  }
  return faults;
}

function checkCreation(statement, catalog, report) {
  const windowed = statement.query?.window != null;
  if (statement.orReplace && windowed) {
    report(
      'replaced-window',
      'a windowed table cannot be replaced; DROP it first, in a migration of its own',
    );
  } else if (!statement.ifNotExists && !statement.orReplace) {
    report('not-repeatable', `write IF NOT EXISTS, so that a second run of ${statement.name} does no harm`);
  }
  if (catalog.has(statement.name))
    report(
      'made-twice',
      `${statement.name} is made twice; IF NOT EXISTS would leave the second one out silently`,
    );
}

function checkProperties(statement, catalog, report) {
  const { properties, query, type } = statement;
  const windowed = query?.window != null;
  const topic = properties.get('KAFKA_TOPIC');
  if (topic === undefined) {
    report(
      'missing-topic',
      `name KAFKA_TOPIC; by default the topic would be called ${statement.name}, in upper case`,
    );
  } else if (topic.value !== topic.value.toLowerCase()) {
    report(
      'upper-case-topic',
      `topic ${topic.value}: write lower case, as every reader of the topic must`,
      topic,
    );
  }
  if (!properties.has('FORMAT')) {
    if (!properties.has('KEY_FORMAT'))
      report('missing-key-format', 'name KEY_FORMAT; the default depends on the server');
    if (!properties.has('VALUE_FORMAT'))
      report('missing-value-format', 'name VALUE_FORMAT; the default depends on the server');
  }
  const partitions = properties.get('PARTITIONS');
  if (query === null && partitions !== undefined) {
    report(
      'creates-source',
      'leave PARTITIONS out: with it ksqlDB creates a topic that is missing or misspelt, without it the statement is refused',
      partitions,
    );
  }
  if (query !== null && partitions === undefined)
    report('missing-partitions', 'name PARTITIONS; inherited numbers change with the source');
  for (const other of catalog.values()) {
    if (topic === undefined || other.topic !== topic.value || other.partitions === undefined) continue;
    if (partitions !== undefined && partitions.value !== other.partitions) {
      report('partitions-differ', `${other.name} gives topic ${topic.value} ${other.partitions} partitions`);
    }
  }
  const cleanup = properties.get('CLEANUP_POLICY');
  if (cleanup !== undefined)
    report('cleanup-policy', 'ksqlDB refuses CLEANUP_POLICY; it chooses by the kind of object', cleanup);
  const retention = properties.get('RETENTION_MS');
  if (type === 'table' && !windowed && retention !== undefined) {
    report(
      'table-with-retention',
      'ksqlDB refuses RETENTION_MS on a table without window: its topic is compacted',
      retention,
    );
  }
  if (query !== null && (type === 'stream' || windowed) && retention === undefined) {
    report(
      'missing-topic-retention',
      'name RETENTION_MS: how long a reader that lost its store can read the topic again',
    );
  }
  const columns = (statement.columns ?? query.items.map((item) => ({ name: outputName(item) }))).map(
    ({ name }) => name,
  );
  const time = properties.get('TIMESTAMP');
  if (type === 'stream' && columns.includes('TIMESTAMP') && time === undefined) {
    report(
      'missing-timestamp',
      "name TIMESTAMP = 'timestamp'; without it windows go by the time of arrival, not of the event",
    );
  }
  if (time !== undefined && !columns.includes(time.value.toUpperCase()) && !columns.includes(time.value)) {
    report('unknown-timestamp', `TIMESTAMP names ${time.value}, which is not a column here`, time);
  }
}

function checkDeclaration(statement, report) {
  if (statement.type === 'table' && !statement.columns.some(({ key }) => key === 'primary')) {
    report('table-without-key', 'a table needs a column marked PRIMARY KEY');
  }
}

function checkColumns(query, sources, report) {
  for (const { name, object } of sources) {
    if (object === undefined)
      report('unknown-source', `${name} is made by no statement before this one`, query);
  }
  if (sources.some(({ object }) => object === undefined)) return;
  const expressions = [
    ...query.items.map(({ expression }) => expression),
    ...query.groupBy,
    ...query.partitionBy,
    ...query.joins.map(({ on }) => on),
    query.where,
    query.having,
  ].filter((expression) => expression !== null);
  for (const expression of expressions) {
    for (const inner of walk(expression)) {
      if (inner.kind !== 'column' || WINDOW_BOUNDS.has(inner.name) || inner.name.startsWith('ROW')) continue;
      if (findColumn(inner, sources) === undefined)
        report(
          'unknown-column',
          `${inner.name} is not a column of ${sources.map(({ name }) => name).join(', ')}`,
          inner,
        );
    }
  }
  for (const item of query.items) {
    const { expression, alias } = item;
    if (alias !== null) continue;
    if (expression.kind === 'column' && WINDOW_BOUNDS.has(expression.name)) {
      report(
        'unnamed-window-bound',
        `${expression.name} is a reserved column; write ${expression.name} AS window_start or the like`,
        item,
      );
    } else if (query.joins.length > 0 && expression.kind === 'column' && expression.source !== null) {
      const long = `${expression.source}_${expression.name}`;
      report(
        'unnamed-join-column',
        `a join may call this column ${long}; write AS ${expression.name.toLowerCase()}`,
        item,
      );
    } else if (expression.kind !== 'column' && expression.kind !== 'star') {
      report('unnamed-column', 'give the expression a name with AS; KSQL_COL_0 means nothing', item);
    }
  }
}

function checkSources(query, sources, report) {
  for (const { name, object } of sources) {
    if (object?.type !== 'stream' || object.retentionMs === undefined || object.retentionMs > REPLAY_MS)
      continue;
    report(
      'source-retention-too-short',
      `a replay writes ${name} with the times of the events, and brokers delete by these times: give it a RETENTION_MS of more than the 7 days that a replay may read, e.g. 691200000`,
      query,
    );
  }
}

function checkAggregation(statement, sources, report) {
  const { query } = statement;
  const aggregates = query.items.filter(({ expression }) => hasAggregate(expression));
  if (statement.type === 'stream' && (query.groupBy.length > 0 || aggregates.length > 0)) {
    report('stream-with-group-by', 'GROUP BY makes a table; write CREATE TABLE', statement);
  }
  if (statement.type === 'table' && aggregates.length > 0 && query.groupBy.length === 0) {
    report('missing-group-by', 'an aggregate needs GROUP BY', statement);
  }
  for (const expression of query.groupBy) {
    const column = expression.kind === 'column' ? findColumn(expression, sources) : undefined;
    if (column?.fromOptional === true && column.nullable) {
      report(
        'nullable-group',
        `${expression.name} is null where the join found nothing, and such rows vanish; COALESCE it there`,
        expression,
      );
    }
  }
  for (const { expression, line } of aggregates) {
    for (const call of walk(expression)) {
      if (!isCall(call, 'AVG')) continue;
      const wanted = canonical({ ...call, name: 'COUNT' });
      const counted = query.items.some((item) =>
        [...walk(item.expression)].some((inner) => canonical(inner) === wanted),
      );
      if (!counted)
        report(
          'average-without-count',
          'an average combines only with its own count: add COUNT of the same expression (COUNT(*) counts nulls too)',
          { line },
        );
    }
  }
}

function checkJoin(query, sources, report) {
  if (query.joins[0].type === 'INNER') return;
  const left = leftJoinColumn(query);
  if (left === undefined || findColumn(left, sources.slice(0, 1))?.nullable !== true) return;
  report(
    'nullable-join-key',
    `${left.name} may be null: ksqlDB 7 drops such rows and 8 keeps them; say WHERE ${left.name} IS NOT NULL in a stream before the join`,
    query.joins[0],
  );
}

function checkKey(statement, sources, report) {
  const { query, properties } = statement;
  if (sources.some(({ object }) => object === undefined)) return;
  const names = query.items.map(outputName).filter((name) => name !== null);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    report(
      'duplicate-column',
      `two columns are called ${twice}; the key needs one name and its AS_VALUE copy another`,
      query,
    );
  }
  if (query.partitionBy.length > 0 && sources[0].object.declaredWindow) {
    report(
      'windowed-partition-by',
      `${sources[0].name} declares a window and cannot be partitioned again; declare it with KEY_FORMAT 'NONE'`,
      query,
    );
  }
  const keys = keyExpressions(query, sources);
  const keyFormat = (properties.get('KEY_FORMAT') ?? properties.get('FORMAT'))?.value.toUpperCase();
  if (keys.length > 1 && SINGLE_VALUE_FORMATS.has(keyFormat)) {
    report(
      'key-format-too-narrow',
      `${keys.length} key columns do not fit KEY_FORMAT '${keyFormat}'; use 'JSON'`,
      properties.get('KEY_FORMAT'),
    );
  }
  if (query.items.some(({ expression }) => expression.kind === 'star')) return;
  for (const key of keys) {
    const wanted = canonical(key);
    if (!query.items.some(({ expression }) => canonical(expression) === wanted)) {
      report(
        'key-not-selected',
        `select ${describeKey(key)} as well; ksqlDB refuses a query without its key`,
        key,
      );
      continue;
    }
    if (key.kind === 'literal') continue;
    if (!copiesKey(query, sources, key)) {
      report(
        'key-not-in-value',
        `copy the key with AS_VALUE(${describeKey(key)}) AS another name; readers of the value do not see the key`,
        key,
      );
    }
  }
}

/** True when the value holds the key too: by AS_VALUE, or because the source's value already has the copy. */
function copiesKey(query, sources, key) {
  const wanted = canonical(key);
  return query.items.some(({ expression }) => {
    if (isCall(expression, 'AS_VALUE')) return canonical(expression.parts[0]) === wanted;
    if (expression.kind !== 'column') return false;
    return findColumn(expression, sources)?.copyOf === key.name;
  });
}

const describeKey = (key) => (key.kind === 'column' ? key.name.toLowerCase() : 'the grouping expression');

function checkWindow(query, sources, report) {
  const { window } = query;
  if (mayBeAhead(query, sources)) {
    report(
      'unbounded-event-time',
      'one event stamped in the future closes all windows before their time; read from a stream that says WHERE timestamp <= UNIX_TIMESTAMP() + 60000',
      window,
    );
  }
  if (query.emit === 'final' && window.retentionMs !== null && window.retentionMs <= REPLAY_MS) {
    report(
      'final-retention-too-short',
      'EMIT FINAL writes once a second what the state still holds: name a RETENTION longer than the 7 days of events that a replay may read, e.g. 8 DAYS',
      window,
    );
  }
  if (window.retentionMs === null) {
    if (query.emit === 'final')
      report(
        'final-without-retention',
        'EMIT FINAL without RETENTION loses windows when the topic is replayed',
        window,
      );
    else
      report('missing-retention', 'name RETENTION: how long a window can still be changed and read', window);
  }
  if (window.graceMs === null)
    report(
      'missing-grace',
      'name GRACE PERIOD; the default of 24 hours counts purchases a day late, and EMIT FINAL waits for it',
      window,
    );
  if (
    window.retentionMs !== null &&
    window.graceMs !== null &&
    window.retentionMs < window.sizeMs + window.graceMs
  ) {
    report('retention-too-short', 'RETENTION must be at least SIZE + GRACE PERIOD', window);
  }
  const selected = new Set(
    query.items
      .filter(({ expression }) => expression.kind === 'column')
      .map(({ expression }) => expression.name),
  );
  for (const bound of WINDOW_BOUNDS) {
    if (!selected.has(bound))
      report(
        'window-bound-not-in-value',
        `select ${bound} AS a column; the key's copy is eight raw bytes`,
        window,
      );
  }
}
