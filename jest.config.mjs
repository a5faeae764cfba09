const transform = {
  '\\.(lua|yaml)$': '<rootDir>/tests/support/text-transform.cjs',
  '\\.tsx?$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', tsx: true },
        transform: { react: { runtime: 'classic' } },
      },
    },
  ],
};
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'tsx', 'js', 'json', 'mjs', 'cjs', 'lua', 'yaml'],
  setupFilesAfterEnv: [
    '<rootDir>/tests/support/fail-on-unhandled.cjs',
    '<rootDir>/tests/support/timeouts.cjs',
  ],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};

/** Packages that Grafana's packages bring as ES modules only; jest runs CommonJS. */
const ES_MODULES = [
  '@grafana/schema',
  '@react-hookz/web',
  '@ver0/deep-equal',
  '@wojtekmaj/date-utils',
  'd3[^/]*',
  'delaunator',
  'get-user-locale',
  'internmap',
  'marked',
  'memoize',
  'mimic-function',
  'ol',
  'react-calendar',
  'react-colorful',
  'robust-predicates',
  'rxjs',
  'uuid',
];
/** For what takes parts of Grafana's packages in: those need a browser's document, and compiling. */
const withGrafana = {
  ...base,
  testEnvironment: '<rootDir>/tests/support/browser-environment.cjs',
  transform: {
    ...transform,
    '\\.m?js$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } } }],
  },
  transformIgnorePatterns: [`node_modules/(?!.*(${ES_MODULES.join('|')})/)`],
  setupFiles: ['<rootDir>/tests/support/browser-gaps.cjs'],
  setupFilesAfterEnv: [
    ...base.setupFilesAfterEnv,
    '@testing-library/jest-dom',
    '<rootDir>/tests/support/patient-queries.cjs',
  ],
  moduleNameMapper: {
    '\\.(css|scss|svg|png)$': '<rootDir>/tests/support/empty-asset.cjs',
    '^react-inlinesvg$': '<rootDir>/tests/support/inline-svg.cjs',
  },
};
/** Tests of whole parts also take in the browser side of the data source, without a document. */
const integration = {
  ...base,
  transform: withGrafana.transform,
  transformIgnorePatterns: withGrafana.transformIgnorePatterns,
};

/** unit: no service at all. contract and integration: the services that scripts/test.mjs starts. e2e: Chromium too. */
export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/backend-bridge/src/**/*.test.ts'] },
    { ...withGrafana, displayName: 'plugin', testMatch: ['<rootDir>/src/**/*.test.{ts,tsx}'] },
    {
      ...base,
      transform: withGrafana.transform,
      displayName: 'contract',
      testMatch: ['<rootDir>/tests/contract/**/*.test.ts'],
    },
    { ...integration, displayName: 'integration', testMatch: ['<rootDir>/tests/integration/**/*.test.ts'] },
    { ...integration, displayName: 'e2e', testMatch: ['<rootDir>/tests/e2e/**/*.test.ts'] },
    { ...integration, displayName: 'long', testMatch: ['<rootDir>/tests/long/**/*.test.ts'] },
  ],
};
