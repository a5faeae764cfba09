/** npm run bench -- <scenario>: measures the bridge; without a scenario, lists them. */
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBridge, ensurePackages, root, runForeground } from './ensure.mjs';
import { ensureServices } from './services.mjs';

const args = process.argv.slice(2);
// The list alone needs no services.
if (args.length > 0) {
  const services = ensureServices(`run bench -- ${args.join(' ')}`);
  if (services.inDocker) process.exit(services.status);
}
ensurePackages();
ensureBridge();

const bench = join(root, 'tests/bench');
const bundles = join(root, 'node_modules/.cache/streamkpi-bench');
mkdirSync(bundles, { recursive: true });
// Not at the top: there may be no packages before ensurePackages().
const { build } = await import('esbuild');
const { readFile } = await import('node:fs/promises');
const { parsedYaml } = await import('../backend-bridge/parsed-yaml.mjs');
await build({
  entryPoints: [
    join(bench, 'main.ts'),
    join(bench, 'pipeline-day.ts'),
    ...readdirSync(join(bench, 'generators')).map((file) => join(bench, 'generators', file)),
  ],
  entryNames: '[name]',
  outdir: bundles,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  sourcemap: 'inline',
  loader: { '.lua': 'text' },
  logLevel: 'warning',
  plugins: [
    parsedYaml,
    {
      // The tests' supports look for files beside them, and a bundle stands elsewhere.
      name: 'own-folder',
      setup(building) {
        building.onLoad({ filter: /[\\/]tests[\\/].*\.ts$/ }, async ({ path }) => ({
          contents: `const __dirname = ${JSON.stringify(dirname(path))};${await readFile(path, 'utf8')}`,
          loader: 'ts',
        }));
      },
    },
  ],
});
runForeground(join(bundles, 'main.cjs'), args, { BENCH_BUNDLES: bundles });
