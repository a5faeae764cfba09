#!/usr/bin/env node
/**
 * Generates the tables in docs/reference/ from the app's types and the bridge's contract. Those of the bridge's
 * settings are written by backend-bridge/generate-reference.mjs.
 *
 *   node scripts/generate-reference.mjs            writes them
 *   node scripts/generate-reference.mjs --check    ends with 1 when a file is not what it would write
 */
import { join } from 'node:path';
import { writeOrCheck } from './generated-file.mjs';
import { httpPage, webSocketPage } from './reference/bridge-pages.mjs';
import { dataSourcePage } from './reference/data-source-page.mjs';
import { framesPage } from './reference/frames-page.mjs';
import { metricsPage } from './reference/metrics-page.mjs';
import { panelPage } from './reference/panel-page.mjs';

const path = (name) => join(import.meta.dirname, '..', name);

const PAGES = {
  'data-source.md': dataSourcePage,
  'panel.md': panelPage,
  'frames.md': framesPage,
  'http.md': httpPage,
  'metrics.md': metricsPage,
  'websocket.md': webSocketPage,
};

for (const [name, page] of Object.entries(PAGES)) {
  const message = `docs/reference/${name} is not in step with its sources; run: npm run generate`;
  writeOrCheck(path(`docs/reference/${name}`), await page(path), message);
}
