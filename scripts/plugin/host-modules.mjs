/**
 * What the bundles may take from their host: the modules that every supported Grafana shares, 11.6.0 to 13.
 * `react/jsx-runtime`, `@grafana/i18n` and the `unstable` entries are missing here on purpose: the oldest hosts do
 * not share them.
 */
export const HOST_MODULES = [
  '@emotion/css',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'lodash',
  'moment',
  'react',
  'react-dom',
  'rxjs',
  'rxjs/operators',
];

/** Packages that may go into the bundles, each small and without a React of its own. */
export const BUNDLED_PACKAGES = [];

export const imports = (request) => HOST_MODULES.includes(request);
