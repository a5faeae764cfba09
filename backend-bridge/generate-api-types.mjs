/**
 * Writes src/server/api-types.ts from api/openapi.yaml. With --check it writes nothing and exits with 1
 * when the file differs from what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('api/openapi.yaml', import.meta.url);
const target = new URL('src/server/api-types.ts', import.meta.url);
const banner =
  '/* Generated from api/openapi.yaml by `npm run generate -w backend-bridge`. Do not edit. */\n/* eslint-disable */\n\n';

const text = banner + astToString(await openapiTS(source, { defaultNonNullable: false }));
if (process.argv.includes('--check')) {
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present !== text) {
    console.error(
      'src/server/api-types.ts differs from api/openapi.yaml: run `npm run generate -w backend-bridge`',
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(target, text);
}
