#!/usr/bin/env node
/**
 * Writes the dashboards twice, under uids of their own, because one uid that comes by two ways overwrites itself:
 * src/dashboards/ is bundled with the app, provisioning/dashboards/ is for Grafana's provisioning.
 *
 *   node scripts/generate-dashboards.mjs            writes them
 *   node scripts/generate-dashboards.mjs --check    ends with 1 when a file is not what it would write
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { format, resolveConfig } from 'prettier';
import { alerts } from './dashboards/alerts.mjs';
import { dashboard } from './dashboards/dashboard.mjs';
import { pipeline } from './dashboards/pipeline.mjs';
import { realtime } from './dashboards/realtime.mjs';

const root = join(import.meta.dirname, '..');
const all = [realtime, alerts, pipeline];

/**
 * Grafana imports a bundled dashboard again when its revision is another one than that of the dashboard it has: with
 * each version of the app, so that an update brings its dashboards along.
 */
function revision() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [major, minor, patch] = version.split(/[.-]/).map(Number);
  return (major * 1_000 + minor) * 1_000 + patch;
}

const SETS = {
  'src/dashboards': { prefix: 'streamkpi-app', more: { revision: revision() } },
  'provisioning/dashboards': { prefix: 'streamkpi', more: {} },
};

const files = Object.entries(SETS).flatMap(([folder, { prefix, more }]) => {
  const uids = Object.fromEntries(all.map(({ key }) => [key, `${prefix}-${key}`]));
  return all.map((made) => {
    const others = all
      .filter(({ key }) => key !== made.key)
      .map(({ key, title }) => [key, title.split(': ')[1]]);
    return [join(folder, `${made.key}.json`), JSON.stringify({ ...dashboard(made, uids, others), ...more })];
  });
});

for (const [file, unformatted] of files) {
  const path = join(root, file);
  const text = await format(unformatted, { ...(await resolveConfig(path)), parser: 'json' });
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    continue;
  }
  let present = '';
  try {
    present = readFileSync(path, 'utf8');
  } catch {
    // Reported below as not in step.
  }
  if (present !== text) {
    console.error(`${file} is not in step with scripts/dashboards; run: npm run generate:dashboards`);
    process.exitCode = 1;
  }
}
