import { basename, dirname } from 'node:path';
import { canonical, isCall } from './expressions.mjs';
import { describe, findColumn, outputName, sourcesOf } from './catalog.mjs';
import { faultsOf, faultsOfDrop } from './rules.mjs';
import { parseStatements } from './statements.mjs';

/**
 * Checks files as one script: what one makes, the next may read. `files` is [{path, text}].
 * Returns [{path, line, rule, message}].
 */
export function checkScript(files) {
  const catalog = new Map();
  const found = [];
  for (const { path, text } of files) {
    const { statements, faults } = parseStatements(text);
    const all = [...faults];
    const headless = basename(dirname(path)) === 'headless';
    for (const statement of statements) {
      if (statement.kind === 'create') {
        all.push(...faultsOf(statement, catalog));
        enter(statement, catalog);
      } else if (statement.kind === 'drop') {
        all.push(...faultsOfDrop(statement, catalog, headless));
        catalog.delete(statement.name);
      }
    }
    if (statements.length === 0 && faults.length === 0) {
      found.push({ path, line: 1, rule: 'syntax', message: 'the file holds no statement' });
    }
    all.sort((a, b) => a.line - b.line);
    for (const { rule, message, line } of all) found.push({ path, line, rule, message });
  }
  return found;
}

/** The key that an expression copies into the value: by AS_VALUE, or as a column that is such a copy already. */
function copiedKey(expression, sources) {
  if (isCall(expression, 'AS_VALUE')) return canonical(expression.parts[0]);
  const copyOf = expression.kind === 'column' ? findColumn(expression, sources)?.copyOf : undefined;
  return copyOf === undefined ? null : canonical({ kind: 'column', name: copyOf });
}

function enter(statement, catalog) {
  const object = describe(statement, catalog);
  object.partitions = statement.properties.get('PARTITIONS')?.value;
  const sources = statement.query === null ? [] : sourcesOf(statement.query, catalog);
  for (const item of statement.query?.items ?? []) {
    const wanted = copiedKey(item.expression, sources);
    if (wanted === null) continue;
    const key = statement.query.items.find(({ expression }) => canonical(expression) === wanted);
    const copy = object.columns.find(({ name }) => name === outputName(item));
    if (key !== undefined && copy !== undefined) copy.copyOf = outputName(key);
  }
  if (!catalog.has(statement.name)) catalog.set(statement.name, object);
}

/** What each CREATE statement of a script makes that no later one drops, for tests that hold other files to the SQL. */
export function describeScript(files) {
  const catalog = new Map();
  const described = new Map();
  for (const { path, text } of files) {
    for (const statement of parseStatements(text).statements) {
      if (statement.kind === 'drop') {
        catalog.delete(statement.name);
        described.delete(statement.name);
      } else if (statement.kind === 'create') {
        enter(statement, catalog);
        described.set(statement.name, description(path, statement, catalog.get(statement.name)));
      }
    }
  }
  return [...described.values()];
}

function description(path, { name, type, properties, query }, { columns }) {
  return {
    path,
    name,
    type,
    properties: Object.fromEntries([...properties].map(([property, { value }]) => [property, value])),
    columns: columns.map((column) => ({ name: column.name, key: column.key })),
    window: query?.window ?? null,
    emit: query?.emit ?? null,
    bounds: [query?.having, query?.where]
      .filter((condition) => condition?.kind === 'operator')
      .map(({ text, parts }) => ({ text, literal: parts[1]?.text })),
  };
}
