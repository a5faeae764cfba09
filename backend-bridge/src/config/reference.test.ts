import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT } from './environment-variables';
import { metricsFileReference, settingsReference } from './reference';

const stored = (name: string): string =>
  readFileSync(join(__dirname, '../../../docs/reference', name), 'utf8');

test('the reference tables are those of the schemas (npm run generate)', () => {
  expect(stored('settings.md')).toBe(settingsReference());
  expect(stored('metrics-file.md')).toBe(metricsFileReference());
});

test('every variable stands in the table', () => {
  const text = settingsReference();
  for (const { name } of ENVIRONMENT) expect(text).toContain(`\`${name}\``);
});
