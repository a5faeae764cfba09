import { canonical, isCall } from './expressions.mjs';
import { describe, outputName } from './catalog.mjs';
import { faultsOf } from './rules.mjs';
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
    for (const statement of statements) {
      all.push(...faultsOf(statement, catalog));
      if (statement.kind === 'create') enter(statement, catalog);
    }
    if (statements.length === 0 && faults.length === 0) {
      found.push({ path, line: 1, rule: 'syntax', message: 'the file holds no statement' });
    }
    all.sort((a, b) => a.line - b.line);
    for (const { rule, message, line } of all) found.push({ path, line, rule, message });
  }
  return found;
}

function enter(statement, catalog) {
  const object = describe(statement, catalog);
  object.partitions = statement.properties.get('PARTITIONS')?.value;
  for (const item of statement.query?.items ?? []) {
    if (!isCall(item.expression, 'AS_VALUE')) continue;
    const wanted = canonical(item.expression.parts[0]);
    const key = statement.query.items.find(({ expression }) => canonical(expression) === wanted);
    const copy = object.columns.find(({ name }) => name === outputName(item));
    if (key !== undefined && copy !== undefined) copy.copyOf = outputName(key);
  }
  if (!catalog.has(statement.name)) catalog.set(statement.name, object);
}

/** What each CREATE statement of a script makes, for tests that hold other files to the SQL. */
export function describeScript(files) {
  const catalog = new Map();
  return files.flatMap(({ path, text }) =>
    parseStatements(text)
      .statements.filter(({ kind }) => kind === 'create')
      .map((statement) => {
        enter(statement, catalog);
        const { query } = statement;
        return {
          path,
          name: statement.name,
          type: statement.type,
          properties: Object.fromEntries([...statement.properties].map(([name, { value }]) => [name, value])),
          columns: catalog.get(statement.name).columns.map(({ name, key }) => ({ name, key })),
          window: query?.window ?? null,
          emit: query?.emit ?? null,
          bounds: [query?.having, query?.where]
            .filter((condition) => condition?.kind === 'operator')
            .map(({ text, parts }) => ({ text, literal: parts[1].text })),
        };
      }),
  );
}
