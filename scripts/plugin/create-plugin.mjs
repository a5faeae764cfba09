/** The webpack configuration that create-plugin keeps in `.config/`, as JavaScript: Node 20 reads no TypeScript. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../ensure.mjs';

/** @param env `{ production: true }` or `{ development: true }`, as webpack's command line has it */
export async function createPluginConfig(env) {
  const outfile = join(root, 'node_modules/.cache/streamkpi-create-plugin/webpack.config.mjs');
  await build({
    entryPoints: [join(root, '.config/webpack/webpack.config.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const { default: config } = await import(pathToFileURL(outfile));
  return config(env);
}
