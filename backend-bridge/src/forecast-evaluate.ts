/**
 * A program of its own: `evaluate <folder>` runs the bridge's forecasts over sets of labelled series (NAME.csv with
 * time_ms,value,label, and NAME.json) and prints how good they are, beside anchors.json where the folder has one.
 */
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { evaluateSet, type EvaluationSet, type SetResult } from './forecast/evaluation/measures';
import { ReplayedSeries, type SetMeta } from './forecast/evaluation/replayed-series';
import { reportOf, type Anchors } from './forecast/evaluation/report';

const [command, folder, ...rest] = process.argv.slice(2);
if (command !== 'evaluate' || folder === undefined || rest.length > 0) {
  process.stderr.write('usage: npm run forecast -- evaluate <folder of NAME.csv and NAME.json>\n');
  process.exit(2);
}
try {
  process.stdout.write(`${evaluateFolder(folder)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function evaluateFolder(path: string): string {
  const names = readdirSync(path)
    .filter((file) => file.endsWith('.csv'))
    .map((file) => basename(file, '.csv'))
    .sort();
  if (names.length === 0) throw new Error(`${path} holds no set: a set is NAME.csv and NAME.json`);
  const results = new Map<string, SetResult>();
  for (const name of names) {
    const set = readSet(path, name);
    results.set(name, evaluateSet(set, new ReplayedSeries(set.meta)));
  }
  const anchors = join(path, 'anchors.json');
  const { methods } = existsSync(anchors)
    ? (JSON.parse(readFileSync(anchors, 'utf8')) as { readonly methods: Anchors })
    : { methods: {} };
  return reportOf(results, methods);
}

function readSet(path: string, name: string): EvaluationSet {
  const meta = JSON.parse(readFileSync(join(path, `${name}.json`), 'utf8')) as SetMeta;
  const lines = readFileSync(join(path, `${name}.csv`), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  const steps = lines.map((line, index) => {
    const [timeMs, value, label] = line.split(',').map(Number);
    if (!Number.isFinite(timeMs) || !Number.isFinite(value)) {
      throw new Error(`${name}.csv, line ${index + 2}: "${line}" is not time_ms,value,label`);
    }
    return { timeMs: timeMs!, value: value!, label: label ?? 0 };
  });
  if (steps.length === 0) throw new Error(`${name}.csv has no steps`);
  return { meta, steps };
}
