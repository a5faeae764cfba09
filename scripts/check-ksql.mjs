#!/usr/bin/env node
/**
 * Checks ksqlDB SQL for what the server refuses and for what it takes and then does wrong.
 *
 *   node scripts/check-ksql.mjs ksql            every folder with .sql files is one script, in order of name
 *   node scripts/check-ksql.mjs --each FILES    every file is a script of its own
 *   node scripts/check-ksql.mjs --json ksql     the faults as JSON
 *   node scripts/check-ksql.mjs --describe FILE what each statement makes, as JSON
 *
 * Ends with 1 when there is a fault, with 2 when there was nothing to check.
 * Folders named `flink` hold another dialect and are left out, as is what is no .sql file. Folders named `headless`
 * hold queries files of headless servers, which take no DROP.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import process from 'node:process';
import { checkScript, describeScript } from './ksql/check.mjs';

function sqlFiles(path) {
  if (statSync(path).isDirectory()) {
    if (basename(path) === 'flink') return [];
    return readdirSync(path)
      .sort()
      .flatMap((name) => sqlFiles(join(path, name)));
  }
  return path.endsWith('.sql') && basename(dirname(path)) !== 'flink' ? [normalize(path)] : [];
}

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = flags.find((flag) => !['--each', '--json', '--describe'].includes(flag));
if (unknown !== undefined || paths.length === 0) {
  console.error(unknown === undefined ? 'Name the files or folders to check.' : `Unknown option ${unknown}`);
  process.exit(2);
}

const scripts = new Map();
for (const path of new Set(paths.flatMap(sqlFiles))) {
  const script = flags.includes('--each') ? path : dirname(path);
  scripts.set(script, [...(scripts.get(script) ?? []), { path, text: readFileSync(path, 'utf8') }]);
}
if (scripts.size === 0) {
  console.error(`No .sql file in ${paths.join(', ')}`);
  process.exit(2);
}
if (flags.includes('--describe')) {
  console.log(JSON.stringify([...scripts.values()].flatMap(describeScript), null, 2));
  process.exit(0);
}
const faults = [...scripts.values()].flatMap((files) =>
  checkScript(files.sort((a, b) => (a.path < b.path ? -1 : 1))),
);
const files = [...scripts.values()].reduce((count, script) => count + script.length, 0);
if (flags.includes('--json')) console.log(JSON.stringify(faults));
else {
  for (const { path, line, rule, message } of faults) console.log(`${path}:${line}: ${rule}: ${message}`);
  console.log(`${files} files, ${faults.length} faults`);
}
process.exit(faults.length > 0 ? 1 : 0);
