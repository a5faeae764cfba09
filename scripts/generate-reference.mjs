#!/usr/bin/env node
/**
 * Generates the tables in docs/reference/ from the app's types and the bridge's contract, and the query's schema that
 * the backend's test reads. Those of the bridge's settings are written by backend-bridge/generate-reference.mjs.
 *
 *   node scripts/generate-reference.mjs            writes them
 *   node scripts/generate-reference.mjs --check    ends with 1 when a file is not what it would write
 */
import { join } from 'node:path';
import { writeOrCheck } from './generated-file.mjs';
import { httpPage, webSocketPage } from './reference/bridge-pages.mjs';
import { dataSourcePage, querySchemaJson } from './reference/data-source-page.mjs';
import { framesPage } from './reference/frames-page.mjs';
import { metricsPage } from './reference/metrics-page.mjs';
import { panelPage } from './reference/panel-page.mjs';

const path = (name) => join(import.meta.dirname, '..', name);

const FILES = {
  'docs/reference/data-source.md': dataSourcePage,
  'docs/reference/panel.md': panelPage,
  'docs/reference/frames.md': framesPage,
  'docs/reference/http.md': httpPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/websocket.md': webSocketPage,
  'pkg/model/testdata/query-schema.json': querySchemaJson,
};

for (const [name, textOf] of Object.entries(FILES)) {
  const message = `${name} is not in step with its sources; run: npm run generate`;
  writeOrCheck(path(name), await textOf(path), message);
}
