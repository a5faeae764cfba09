/**
 * node scripts/pictures.mjs: the pictures in docs/img, taken from a real Grafana (GRAFANA_HOME) with the built app in
 * dist/ and the demo's traffic, and smaller ones for the plugin catalogue in src/img. Chromium as for the browser tests.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureBridge, root } from './ensure.mjs';
import { endAll, endOnSignals, node, start } from './start/children.mjs';
import { findGrafana, grafanaStart } from './start/real-grafana.mjs';

const grafana = findGrafana();
if (grafana === null) {
  console.error('Set GRAFANA_HOME to a Grafana: a folder with bin/grafana, conf/ and public/');
  process.exit(1);
}
endOnSignals();
ensureBridge();
const folder = mkdtempSync(join(tmpdir(), 'streamkpi-pictures-'));
const [bridgePort, grafanaPort] = [38_901, 38_902];
const bridgeUrl = `http://127.0.0.1:${bridgePort}`;
const address = `http://127.0.0.1:${grafanaPort}`;

const query = {
  refId: 'A',
  datasource: { type: 'streamkpi-realtime-datasource', uid: 'streamkpi' },
  version: 1,
  kind: 'series',
  metric: 'events_per_minute',
  groupBy: ['segment'],
  filters: [{ dimension: 'segment', op: '!=', values: ['unknown'] }],
};
const panes = { a: { datasource: 'streamkpi', queries: [query], range: { from: 'now-1h', to: 'now' } } };

const PICTURES = [
  { name: 'realtime-dark', path: '/d/streamkpi-realtime?kiosk', height: 1740 },
  { name: 'realtime-light', path: '/d/streamkpi-realtime?kiosk', height: 1740, theme: 'light' },
  { name: 'alerts', path: '/d/streamkpi-alerts?kiosk', height: 1440 },
  {
    name: 'query-editor',
    path: `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`,
    height: 1000,
  },
  { name: 'settings', path: '/connections/datasources/edit/streamkpi', height: 1000 },
  // Last: it shows what the bridge has recorded since its start.
  {
    name: 'pipeline',
    path: '/d/streamkpi-pipeline?kiosk&from=now-5m&to=now',
    height: 1290,
    uptimeMs: 240_000,
  },
];

/** What the catalogue shows, by the names in src/img; src/plugin.json lists them. */
const CATALOGUE = {
  realtime: 'realtime-dark',
  alerts: 'alerts',
  pipeline: 'pipeline',
  'query-editor': 'query-editor',
};
const CATALOGUE_WIDTH = 1200;

/** Live numbers settle, and lazily drawn panels are there. */
const SETTLE_MS = 7_000;

const answers = async (url) => {
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

node('backend-bridge/dist/main.js', [], {
  env: { BRIDGE_PORT: String(bridgePort), STORE_PATH: join(folder, 'store'), LOG_LEVEL: 'warn' },
});
await answers(`${bridgeUrl}/readyz`);
const startedMs = Date.now();
const { command, args, env } = grafanaStart(grafana, {
  port: grafanaPort,
  bridgeUrl,
  data: join(folder, 'grafana'),
});
start(command, args, { env: { ...env, GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin' }, stdio: 'ignore' });
await answers(`${address}/api/health`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const images = join(root, 'docs/img');
mkdirSync(images, { recursive: true });
for (const { name, path, height, theme = 'dark', uptimeMs = 0 } of PICTURES) {
  await new Promise((resolve) => setTimeout(resolve, startedMs + uptimeMs - Date.now()));
  const page = await browser.newPage({ viewport: { width: 1600, height } });
  await page.goto(`${address}${path}${path.includes('?') ? '&' : '?'}theme=${theme}`);
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(images, `${name}.png`) });
  await page.close();
  console.log(`docs/img/${name}.png`);
}
for (const [name, source] of Object.entries(CATALOGUE)) {
  const page = await browser.newPage({ viewport: { width: CATALOGUE_WIDTH, height: 1 } });
  const picture = readFileSync(join(images, `${source}.png`)).toString('base64');
  await page.setContent(
    `<body style="margin:0"><img style="display:block;width:100%" src="data:image/png;base64,${picture}">`,
  );
  await page.screenshot({ path: join(root, 'src/img', `${name}.png`), fullPage: true });
  await page.close();
  console.log(`src/img/${name}.png`);
}
await browser.close();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await endAll(0);
