/**
 * What the bundles may take from their host: the modules that every supported Grafana shares, 12.4 to 13.
 */
export const HOST_MODULES = [
  // The bundle's own address, which every AMD loader knows; create-plugin's configuration asks for it.
  'module',
  '@emotion/css',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'i18next',
  'lodash',
  'moment',
  'react',
  'react-dom',
  'rxjs',
  'rxjs/operators',
];

/** Packages that may go into the bundles, each small and without a React of its own. */
export const BUNDLED_PACKAGES = [
  '@grafana/i18n',
  '@grafana/plugin-ui',
  'html-parse-stringify',
  'react-i18next',
  // No package: a line of create-plugin's configuration that tells webpack where the plugin is served.
  'grafana-public-path.js',
];

export const imports = (request) => HOST_MODULES.includes(request);
