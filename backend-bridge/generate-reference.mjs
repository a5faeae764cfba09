/** Writes docs/reference/*.md from the schemas; with --check only says whether they are in step. */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundle = here('dist/reference.cjs');
await build({
  entryPoints: [here('src/config/reference.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  packages: 'external',
});
const { settingsReference, metricsFileReference } = require(bundle);

let stale = 0;
mkdirSync(here('../docs/reference'), { recursive: true });
for (const [name, text] of [
  ['settings.md', settingsReference()],
  ['metrics-file.md', metricsFileReference()],
]) {
  const file = here(`../docs/reference/${name}`);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/reference/${name} is not in step with the schemas; run: npm run generate`);
    stale += 1;
  }
}
process.exit(stale === 0 ? 0 : 1);
