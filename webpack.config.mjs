import CopyPlugin from 'copy-webpack-plugin';
import webpack from 'webpack';
import { merge } from 'webpack-merge';
import { createPluginConfig } from './scripts/plugin/create-plugin.mjs';
import { imports } from './scripts/plugin/host-modules.mjs';
import { LIVE_RELOAD_SCRIPT } from './scripts/plugin/live-reload.mjs';

/**
 * The app and its nested data source and panel, as Grafana loads them: create-plugin's configuration (`.config/`), and
 * what this project needs besides. One bundle for every supported host, so nothing may be taken that the oldest one
 * does not share (scripts/plugin/host-modules.mjs has the list, a check after the build holds the bundles to it).
 */

/** Plugins of create-plugin's configuration that are left out or replaced below. */
const REPLACED = [
  // Copies neither the images of nested plugins, nor leaves tsconfig.json out.
  'CopyPlugin',
  // Takes the processor from the page that reloads; scripts/plugin/type-check.mjs gives way.
  'ForkTsCheckerWebpackPlugin',
  // Rules that need types take longer than the build; `npm run lint` has them.
  'ESLintWebpackPlugin',
  // Listens on every network interface; scripts/plugin/live-reload.mjs on this machine only.
  'LiveReloadPlugin',
];

/**
 * As webpack names what is in a source map, but for an import of a whole folder, which is no file: the catalogue's
 * validator looks for each in the source, and passes over what is webpack's own.
 */
const nameInSourceMap = ({ namespace, resourcePath }) =>
  `webpack://${namespace}/${/ (eager|lazy|sync) /.test(resourcePath) ? 'webpack/folder/' : ''}${resourcePath}`;

export default async function config({ production = true } = {}) {
  const base = await createPluginConfig({ [production ? 'production' : 'development']: true });
  const plugins = base.plugins.filter((plugin) => !REPLACED.includes(plugin.constructor.name));
  return merge(
    { ...base, plugins },
    {
      // Also for development: a content security policy, such as that of the host page, refuses evaluated code.
      devtool: 'source-map',
      cache: { buildDependencies: { own: [import.meta.filename] } },
      output: { devtoolModuleFilenameTemplate: nameInSourceMap },
      externalsType: 'amd',
      externals: [({ request }, done) => (imports(request) ? done(undefined, request) : done())],
      // Of @grafana/i18n: only Grafana itself, not a plugin, finds out the language.
      resolve: { alias: { 'i18next-browser-languagedetector': false, 'i18next-pseudo': false } },
      module: {
        // One file for each plugin: Grafana may serve it from anywhere, and would have to find chunks there.
        parser: { javascript: { dynamicImportMode: 'eager' } },
        // Its package does not say so: only the parts that are used are bundled.
        rules: [{ test: /node_modules\/@grafana\/plugin-ui/, sideEffects: false }],
      },
      optimization: { splitChunks: false, runtimeChunk: false },
      performance: { hints: false },
      stats: 'errors-warnings',
      plugins: [
        new CopyPlugin({
          patterns: [
            { from: '**/*.json', globOptions: { ignore: ['**/tsconfig.json'] } },
            { from: '**/img/**/*' },
            { from: 'README.md' },
            { from: '../CHANGELOG.md' },
            { from: '../LICENSE' },
          ],
        }),
        ...(production
          ? []
          : [new webpack.BannerPlugin({ banner: LIVE_RELOAD_SCRIPT, raw: true, entryOnly: true })]),
      ],
    },
  );
}
