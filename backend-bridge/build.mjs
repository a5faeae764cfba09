/** Bundles the bridge into dist/main.js; packages stay outside, text assets and the API schemas go in. */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { parse } from 'yaml';

/** Parsed here: it would take a third of a second of each start. */
const parsedYaml = {
  name: 'parsed-yaml',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.yaml$/ }, async ({ path }) => ({
      contents: JSON.stringify(parse(await readFile(path, 'utf8'))),
      loader: 'json',
    })),
};

await build({
  entryPoints: ['main', 'produce', 'forecast-worker', 'inspect', 'forecast-evaluate', 'forecast-module'].map(
    (name) => new URL(`src/${name}.ts`, import.meta.url).pathname,
  ),
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
