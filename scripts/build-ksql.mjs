#!/usr/bin/env node
/**
 * Puts the migrations together as one file for ksqlDB's headless mode (ksql.queries.file).
 *
 *   node scripts/build-ksql.mjs                                writes ksql/headless/queries.sql
 *   node scripts/build-ksql.mjs --check                        ends with 1 when that file is out of date
 *   node scripts/build-ksql.mjs --partitions 6 --until 10 --out FILE
 *
 * --partitions gives every topic so many partitions (raw-events and user-profiles must have them already);
 * --until leaves out the migrations after that number, e.g. the final-only variants.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    partitions: { type: 'string' },
    until: { type: 'string' },
    out: { type: 'string' },
  },
});

function wholeNumber(name) {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,5}$/.test(text)) {
    console.error(`--${name} ${text}: give a whole number from 1 on`);
    process.exit(2);
  }
  return Number(text);
}

const partitions = wholeNumber('partitions');
const until = wholeNumber('until') ?? Number.POSITIVE_INFINITY;
const folder = join(root, 'ksql/migrations');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.sql') && Number(name.slice(1, 7)) <= until)
  .sort();

const parts = files.map((name) => {
  const sql = readFileSync(join(folder, name), 'utf8').trimEnd();
  const changed =
    partitions === undefined ? sql : sql.replace(/(\bPARTITIONS\s*=\s*)\d+/g, `$1${partitions}`);
  return `-- ${name}\n${changed}\n`;
});
const text = `-- Made by \`node scripts/build-ksql.mjs\` from ksql/migrations; change it there.\n\n${parts.join('\n')}`;
const target = values.out ?? join(root, 'ksql/headless/queries.sql');

if (values.check) {
  let there = '';
  try {
    there = readFileSync(target, 'utf8');
  } catch {
    // A missing file is out of date too.
  }
  if (there !== text) {
    console.error(`${target} is out of date; run node scripts/build-ksql.mjs`);
    process.exit(1);
  }
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(`${target}: ${files.length} files`);
}
