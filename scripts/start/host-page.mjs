/** The host page's server as one file, bundled like the bridge in a fraction of a second. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../ensure.mjs';

/** Modules here look for files beside themselves; in the bundle each keeps its own place. */
const places = {
  name: 'places',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const own = `const __filename = ${JSON.stringify(path)}, __dirname = ${JSON.stringify(dirname(path))};\n`;
      return { contents: own + readFileSync(path, 'utf8'), loader: 'ts' };
    });
  },
};

/** Bundles the server and gives the file to run. */
export async function buildHost() {
  const { build } = await import('esbuild');
  const outfile = join(root, 'node_modules/.cache/streamkpi-host/server.cjs');
  await build({
    entryPoints: [join(root, 'host/server/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    sourcemap: 'inline',
    plugins: [places],
    logLevel: 'warning',
  });
  return outfile;
}
