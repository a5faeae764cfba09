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

/** Resolves when the bundles are written; rejects with what is wrong in them. */
export function buildFrontend({ production = true } = {}) {
  return new Promise((resolve, reject) => {
    webpack(config({ production })).run((error, stats) => {
      if (error) return reject(error);
      if (stats.hasErrors() || stats.hasWarnings())
        return reject(new Error(stats.toString('errors-warnings')));
      const strangers = bundledPackages(stats).filter((name) => !BUNDLED_PACKAGES.includes(name));
      if (strangers.length > 0) {
        return reject(
          new Error(
            `the bundles would carry ${strangers.join(', ')}; take it from the host (scripts/plugin/host-modules.mjs), or list it there as bundled once it is known to work on the oldest host`,
          ),
        );
      }
      resolve();
    });
  });
}
