#!/usr/bin/env node
/**
 * Puts the migrations together as one file for ksqlDB's headless mode (ksql.queries.file).
 *
 *   node scripts/build-ksql.mjs                                writes ksql/headless/queries.sql
 *   node scripts/build-ksql.mjs --check                        ends with 1 when that file is out of date
 *   node scripts/build-ksql.mjs --partitions 6 --until 11 --from FOLDER --out FILE
 *
 * --partitions sets the partition count of every topic that is written (raw-events and user-profiles must have it
 * already);
 * --from names another folder of migrations than ksql/migrations;
 * --until leaves out the migrations after that number, e.g. the final-only variants. What a later migration drops is
 * left out, with the DROP itself: a headless server ends at one.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseStatements } from './ksql/statements.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    partitions: { type: 'string' },
    until: { type: 'string' },
    from: { type: 'string' },
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
const folder = values.from ?? join(root, 'ksql/migrations');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.sql') && Number(name.slice(1, 7)) <= until)
  .sort();

const texts = new Map(files.map((name) => [name, readFileSync(join(folder, name), 'utf8').trimEnd()]));
const parts = withoutDropped(texts).map(([name, sql]) => {
  const changed =
    partitions === undefined ? sql : sql.replace(/(\bPARTITIONS\s*=\s*)\d+/g, `$1${partitions}`);
  return `-- ${name}\n${changed}\n`;
});
const text = `-- Made by \`node scripts/build-ksql.mjs\` from ksql/migrations; change it there.\n\n${parts.join('\n')}`;

/** The files without those that make what a later one drops, and without those that drop it. */
function withoutDropped(scripts) {
  const madeIn = new Map();
  const [all, left] = [new Map(), new Map()];
  for (const [name, sql] of scripts) {
    const { statements } = parseStatements(`${sql}\n`);
    const made = statements.filter(({ kind }) => kind === 'create');
    const dropped = statements.filter(({ kind }) => kind === 'drop');
    all.set(name, made.length + dropped.length);
    left.set(name, made.length);
    for (const statement of made) madeIn.set(statement.name, name);
    for (const statement of dropped) {
      const maker = madeIn.get(statement.name);
      if (maker !== undefined) left.set(maker, left.get(maker) - 1);
      madeIn.delete(statement.name);
    }
  }
  return [...scripts].filter(([name]) => {
    if (left.get(name) > 0 && left.get(name) < all.get(name)) {
      console.error(
        `${name} makes what stays and what is dropped; give each object and each DROP its own file`,
      );
      process.exit(2);
    }
    return left.get(name) > 0;
  });
}

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
  console.log(`${target}: ${parts.length} files`);
}
