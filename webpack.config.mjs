import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import CopyPlugin from 'copy-webpack-plugin';
import { imports } from './scripts/plugin/host-modules.mjs';

/**
 * The app and its nested data source and panel, as Grafana loads them: AMD modules that take what the host shares.
 * One bundle for every supported host, so nothing may be taken that the oldest one does not share
 * (scripts/plugin/host-modules.mjs has the list, a check after the build holds the bundles to it).
 */
const root = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const stamped = (content) =>
  content
    .toString()
    .replaceAll('%VERSION%', version)
    .replaceAll('%TODAY%', (process.env.SOURCE_DATE ?? new Date().toISOString()).slice(0, 10));

/**
 * As webpack names what is in a source map, but for an import of a whole folder, which is no file: the catalogue's
 * validator looks for each in the source, and passes over what is webpack's own.
 */
const nameInSourceMap = ({ namespace, resourcePath }) =>
  `webpack://${namespace}/${/ (eager|lazy|sync) /.test(resourcePath) ? 'webpack/folder/' : ''}${resourcePath}`;

export default function config({ production = true } = {}) {
  return {
    mode: production ? 'production' : 'development',
    context: join(root, 'src'),
    target: ['web', 'es2020'],
    devtool: 'source-map',
    entry: {
      module: './module.ts',
      'datasource/module': './datasource/module.ts',
      'panel/module': './panel/module.ts',
    },
    output: {
      path: join(root, 'dist'),
      filename: '[name].js',
      library: { type: 'amd' },
      publicPath: 'public/plugins/streamkpi-realtime-app/',
      uniqueName: 'streamkpi-realtime-app',
      hashFunction: 'xxhash64',
      devtoolModuleFilenameTemplate: nameInSourceMap,
    },
    externalsType: 'amd',
    externals: [({ request }, done) => (imports(request) ? done(undefined, request) : done())],
    resolve: {
      extensions: ['.ts', '.tsx', '.js'],
      // Of @grafana/i18n: only Grafana itself, not a plugin, finds out the language.
      alias: { 'i18next-browser-languagedetector': false, 'i18next-pseudo': false },
    },
    module: {
      // One file for each plugin: Grafana may serve it from anywhere, and would have to find chunks there.
      parser: { javascript: { dynamicImportMode: 'eager' } },
      rules: [
        // Its package does not say so: only the parts that are used are bundled.
        { test: /node_modules\/@grafana\/plugin-ui/, sideEffects: false },
        {
          test: /\.tsx?$/,
          exclude: /node_modules/,
          loader: 'swc-loader',
          options: {
            jsc: {
              target: 'es2020',
              parser: { syntax: 'typescript', tsx: true },
              // Older hosts do not share react/jsx-runtime, and a bundled one breaks the other React.
              transform: { react: { runtime: 'classic' } },
            },
          },
        },
      ],
    },
    plugins: [
      new CopyPlugin({
        patterns: [
          { from: '**/plugin.json', transform: stamped },
          { from: '**/img/**/*' },
          { from: 'dashboards/**/*.json', noErrorOnMissing: true },
          { from: 'README.md', noErrorOnMissing: true },
          { from: '../CHANGELOG.md' },
          { from: '../LICENSE' },
        ],
      }),
    ],
    optimization: { splitChunks: false, runtimeChunk: false },
    performance: { hints: false },
    stats: 'errors-warnings',
  };
}
