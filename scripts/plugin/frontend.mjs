/** Builds the app's bundles into dist/. */
import webpack from 'webpack';
import config from '../../webpack.config.mjs';
import { BUNDLED_PACKAGES } from './host-modules.mjs';

/** Names of the packages whose code a build has taken in. */
function bundledPackages(stats) {
  const names = new Set();
  for (const module of stats.compilation.modules) {
    const parts = (module.resource ?? '').replaceAll('\\', '/').split('/node_modules/');
    if (parts.length > 1) names.add(/^(@[^/]+\/)?[^/]+/.exec(parts.at(-1))[0]);
  }
  return [...names];
}

/** What is wrong in a build that ended; null when nothing is. */
function faultOf(stats) {
  if (stats.hasErrors() || stats.hasWarnings()) return stats.toString('errors-warnings');
  const strangers = bundledPackages(stats).filter((name) => !BUNDLED_PACKAGES.includes(name));
  if (strangers.length === 0) return null;
  return `the bundles would carry ${strangers.join(', ')}; take it from the host (scripts/plugin/host-modules.mjs), or list it there as bundled once it is known to work on the oldest host`;
}

/** Resolves when the bundles are written; rejects with what is wrong in them. */
export async function buildFrontend() {
  const compiler = webpack(await config());
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      const fault = error?.message ?? faultOf(stats);
      // Closing writes webpack's cache.
      compiler.close(() => (fault === null ? resolve() : reject(new Error(fault))));
    });
  });
}

/** Builds for development, now and after each change; `onBuilt` takes the time in ms and what is wrong, or null. */
export async function watchFrontend(onBuilt) {
  const compiler = webpack(await config({ production: false }));
  compiler.watch({}, (error, stats) =>
    onBuilt(stats === undefined ? 0 : stats.endTime - stats.startTime, error?.message ?? faultOf(stats)),
  );
}
