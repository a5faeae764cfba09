import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build, version as esbuildVersion, type Plugin } from 'esbuild';

/**
 * Parts of @grafana/runtime that Grafana sets at its start but that no entry of the package exports. They must be the
 * module that the package itself uses, so they are taken by their file.
 */
const RUNTIME_INNER = /^grafana-runtime-inner\/(.+)$/;

/**
 * CommonJS files with a default export that Grafana's packages import. To a file that ends with .mjs the bundler gives
 * them as Node would, the default export inside another one; Grafana's own bundler gives the export itself.
 */
const PLAIN_DEFAULT = /^(react-custom-scrollbars-2|calculate-size)$|^(react-use|rc-picker)\/lib\//;

/** Big editors that nothing here opens, and that need workers of their own: left out. */
const LEFT_OUT = /^(monaco-editor|@monaco-editor\/react)(\/|$)/;

function resolutions(root: string): Plugin {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  const folderOf = (name: string): string => dirname(resolve(`${name}/package.json`));
  return {
    name: 'grafana-packages',
    setup(builder) {
      builder.onResolve({ filter: RUNTIME_INNER }, ({ path }) => ({
        path: join(folderOf('@grafana/runtime'), 'dist/esm', `${RUNTIME_INNER.exec(path)?.[1] ?? ''}.mjs`),
      }));
      // One router for all, as Grafana has it: version 6 in the clothes of a package that sits on version 5.
      builder.onResolve({ filter: /^react-router-dom$/ }, (args) => {
        const ours = !args.importer.includes('node_modules') || args.importer.includes('/@grafana/scenes/');
        if (!ours) return undefined;
        const from = folderOf('@grafana/ui');
        return builder.resolve('react-router-dom-v5-compat', {
          kind: args.kind,
          resolveDir: from,
          pluginData: 'here',
        });
      });
      builder.onResolve({ filter: PLAIN_DEFAULT }, ({ path, importer, resolveDir }) =>
        importer.endsWith('.mjs') ? { path, namespace: 'plain-default', pluginData: resolveDir } : undefined,
      );
      builder.onLoad({ filter: /.*/, namespace: 'plain-default' }, ({ path, pluginData }) => ({
        contents: `export * from '${path}'; export { default } from '${path}';`,
        resolveDir: pluginData as string,
        loader: 'js',
      }));
      builder.onResolve({ filter: LEFT_OUT }, ({ path }) => ({ path, namespace: 'left-out' }));
      builder.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
        contents:
          'module.exports = { __esModule: true, default: () => null, loader: { config() {}, init() {} } };',
        loader: 'js',
      }));
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Built files of the page: `page.js`, its chunks and `page.css`. */
export interface PageBundle {
  readonly folder: string;
  /** False when an earlier build was found. */
  readonly built: boolean;
}

/**
 * Bundles the page with Grafana's packages, or finds the bundle of an earlier start: the folder's name is a
 * hash of everything that goes in. Throws when the packages are missing.
 */
export async function bundlePage(root: string): Promise<PageBundle> {
  const source = join(root, 'host', 'page');
  const hash = createHash('sha256')
    .update(esbuildVersion)
    .update(readFileSync(join(root, 'package-lock.json')));
  // The page of the panel's states is made of the frames that its unit tests are made of.
  const states = ['frames', 'panel/testing', 'panel/options'].map((part) => join(root, 'src', part));
  for (const file of [...[source, ...states].flatMap(filesBelow), __filename])
    hash.update(file).update(readFileSync(file));
  const cache = join(root, 'node_modules', '.cache', 'streamkpi-host');
  const folder = join(cache, `page-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(join(folder, 'page.js'))) return { folder, built: false };

  const unfinished = `${folder}.${process.pid}`;
  await build({
    absWorkingDir: root,
    entryPoints: { page: join(source, 'start-page.tsx') },
    outdir: unfinished,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    keepNames: true,
    jsx: 'transform',
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.NODE_DEBUG': 'undefined',
      // Some packages would register with the AMD loader that is there for plugins.
      'define.amd': 'false',
      global: 'globalThis',
    },
    loader: { '.svg': 'dataurl', '.woff2': 'dataurl' },
    plugins: [resolutions(root)],
    logLevel: 'error',
    logLimit: 5,
  });
  if (existsSync(folder)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, folder);
  for (const name of readdirSync(cache)) {
    // Another process may be at work on the same one.
    const old = name.startsWith('page-') && !name.startsWith(basename(folder));
    if (old) rmSync(join(cache, name), { recursive: true, force: true });
  }
  return { folder, built: true };
}
