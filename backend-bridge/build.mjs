/** Bundles the bridge into dist/main.js; packages stay outside, text assets and the API schemas go in. */
import { build } from 'esbuild';
import { parsedYaml } from './parsed-yaml.mjs';

await build({
  entryPoints: [
    'main',
    'produce',
    'forecast-worker',
    'data-check',
    'inspect',
    'forecast-evaluate',
    'forecast-module',
  ].map((name) => new URL(`src/${name}.ts`, import.meta.url).pathname),
  outdir: new URL('dist', import.meta.url).pathname,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  sourcemap: true,
  loader: { '.lua': 'text' },
  plugins: [parsedYaml],
  logLevel: 'warning',
});
