#!/usr/bin/env node
/**
 * Writes the dashboards twice, under uids of their own, because one uid that comes by two ways overwrites itself:
 * src/dashboards/ is bundled with the app, provisioning/dashboards/ is for Grafana's provisioning. The folder shared/ of
 * each has the same dashboards in the form that can be shared publicly, and src/dashboards/tabs/ in schema v2, which
 * newer versions of Grafana take from a file, whichever way it comes.
 *
 *   node scripts/generate-dashboards.mjs            writes them
 *   node scripts/generate-dashboards.mjs --check    ends with 1 when a file is not what it would write
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { alerts } from './dashboards/alerts.mjs';
import { dashboard } from './dashboards/dashboard.mjs';
import { forecasts } from './dashboards/forecasts.mjs';
import { pipeline } from './dashboards/pipeline.mjs';
import { realtime } from './dashboards/realtime.mjs';
import { shared } from './dashboards/shared.mjs';
import { withTabs } from './dashboards/tabs.mjs';
import { writeOrCheck } from './generated-file.mjs';

const root = join(import.meta.dirname, '..');
const all = [realtime, alerts, forecasts, pipeline];

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

function classic(made, prefix) {
  const uids = Object.fromEntries(all.map(({ key }) => [key, `${prefix}-${key}`]));
  const others = all
    .filter(({ key }) => key !== made.key)
    .map(({ key, title }) => [key, title.split(': ')[1]]);
  return dashboard(made, uids, others);
}

const classicFiles = Object.entries(SETS).flatMap(([folder, { prefix, more }]) =>
  all.flatMap((made) => {
    const whole = classic(made, prefix);
    return [
      [join(folder, `${made.key}.json`), JSON.stringify({ ...whole, ...more })],
      [
        join(folder, 'shared', `${made.key}.json`),
        JSON.stringify({ ...shared(whole, `${whole.uid}-shared`), ...more }),
      ],
    ];
  }),
);

const filesWithTabs = all.map((made) => {
  const whole = classic(made, 'streamkpi');
  return [
    join('src/dashboards/tabs', `${made.key}.json`),
    JSON.stringify(withTabs(whole, made.tabs, `${whole.uid}-tabs`)),
  ];
});

for (const [file, unformatted] of [...classicFiles, ...filesWithTabs]) {
  const path = join(root, file);
  const text = await format(unformatted, { ...(await resolveConfig(path)), parser: 'json' });
  writeOrCheck(
    path,
    text,
    `${file} is not in step with scripts/dashboards; run: npm run generate:dashboards`,
  );
}
