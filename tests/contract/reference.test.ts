import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { QUERY_SCHEMA } from '../../src/datasource/query';

const root = join(__dirname, '../..');

test("the reference tables are those of the app's types and of the contract (npm run generate)", () => {
  const check = spawnSync(process.execPath, ['scripts/generate-reference.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(check.stderr).toBe('');
  expect(check.status).toBe(0);
});

test("a query's defaults that the bridge applies are those of its contract", () => {
  const { components } = parse(readFileSync(join(root, 'backend-bridge/api/openapi.yaml'), 'utf8')) as {
    components: {
      schemas: Record<string, { default?: unknown; properties?: Record<string, { default?: unknown }> }>;
    };
  };
  const { ForecastInterval, ForecastTimeZone, AnomalyMinChange, BacktestRequest } = components.schemas;
  expect({
    band: ForecastInterval?.default,
    timeZone: ForecastTimeZone?.default,
    minChange: AnomalyMinChange?.default,
    forSteps: BacktestRequest?.properties?.['for_steps']?.default,
  }).toEqual({
    band: QUERY_SCHEMA.band.default,
    timeZone: QUERY_SCHEMA.timeZone.default,
    minChange: QUERY_SCHEMA.minChange.default,
    forSteps: QUERY_SCHEMA.forSteps.default,
  });
});
