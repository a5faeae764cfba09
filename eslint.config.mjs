import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import i18n from '@grafana/i18n/eslint-plugin';
import prettier from 'eslint-config-prettier';
import grafanaConfig from './.config/eslint.config.mjs';

/**
 * Adapters are the rooms that do I/O. Each may use the domain and nothing of another adapter:
 * app.ts alone knows them all.
 */
const adapters = [
  'kafka',
  'redis',
  'lmdb',
  'server',
  'live',
  'pipeline',
  'observability',
  'config',
  'forecast-service',
];
/** The rooms without I/O. */
const pure = ['domain', 'forecast', 'decoding', 'inspection'];
const bridge = './backend-bridge/src';

/** What one room may see besides itself. Everything else in the bridge is fenced off. */
const allowed = {
  domain: [],
  forecast: ['domain'],
  decoding: ['domain'],
  inspection: ['domain', 'decoding'],
  'forecast-service': ['domain', 'forecast'],
  config: ['domain'],
  observability: ['domain'],
  kafka: ['domain', 'decoding'],
  redis: ['domain'],
  lmdb: ['domain'],
  pipeline: ['domain'],
  live: ['domain'],
  server: ['domain', 'live'],
};

const fences = Object.entries(allowed).map(([room, sees]) => ({
  target: `${bridge}/${room}`,
  from: [...[...pure, ...adapters].filter((other) => other !== room && !sees.includes(other))].map(
    (other) => `${bridge}/${other}`,
  ),
  message: `backend-bridge/src/${room} may import only: ${['itself', ...sees].join(', ')}`,
}));

/** The app's rooms: frames is what both others speak; the live engine knows neither React nor the editors. */
const appRooms = {
  frames: [],
  panel: ['frames'],
  datasource: ['frames'],
  app: ['frames', 'panel'],
  'datasource/live': ['frames'],
  'datasource/editors': ['frames', 'datasource'],
};
const appFences = Object.entries(appRooms).map(([room, sees]) => ({
  target: `./src/${room}`,
  from: [
    './tests',
    './scripts',
    ...['frames', 'panel', 'datasource', 'app']
      .filter((other) => other !== room.split('/')[0] && !sees.includes(other))
      .map((other) => `./src/${other}`),
    ...(room === 'datasource/live' ? ['./src/datasource/editors'] : []),
  ],
  message: `src/${room} may import only: ${['itself', ...sees].join(', ')}`,
}));
/** Of the bridge the app knows its answers: the types that are generated from the contract. */
const contractFence = {
  target: './src',
  from: './backend-bridge',
  except: ['./src/server/api-types.ts'],
  message: "of the bridge the app may import the contract's types only",
};

/** Rules that React's compiler needs, which the app is not built with: all but the two on hooks. */
const compilerRules = Object.keys(reactHooks.configs.flat['recommended-latest'].rules).filter(
  (name) => !/rules-of-hooks|exhaustive-deps/.test(name),
);

export default tseslint.config(
  {
    ignores: [
      '.config/',
      '**/node_modules/',
      '**/dist/',
      'backend-bridge/src/server/api-types.ts',
      'coverage/',
      'data/',
      'tests/fixtures/layouts/',
    ],
  },
  // create-plugin's rules, for the app only; those below are stricter, and have the last word.
  ...grafanaConfig
    .filter(({ files = [] }) => !files.includes('./tests/**/*'))
    .map((config) => ({ ...config, files: ['src/**/*.ts', 'src/**/*.tsx'] })),
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts', '**/*.tsx'] })),
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      // create-plugin names a project; the service finds each file's own.
      parserOptions: { project: null, projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          project: ['./tsconfig.json', './src/tsconfig.json'],
          noWarnOnMultipleProjects: true,
        }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: [...fences, ...appFences, contractFence] }],
      'import-x/no-self-import': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/array-type': ['error', { default: 'array' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['backend-bridge/src/domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.\\.?/|re2js$|node:crypto$)',
              message: 'the domain is pure: no I/O; of packages only re2js and hashing',
            },
          ],
        },
      ],
    },
  },
  {
    // The same steps give the same bits on every bridge: nothing but numbers goes in.
    files: ['backend-bridge/src/forecast/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test-support.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!\\.\\.?/)', message: 'forecasts are pure: no I/O and no packages' }] },
      ],
    },
  },
  {
    // The clock may be set back and forth while the bridge runs. Durations are measured by performance.now(); the
    // time of day is the guarded `clock` that app.ts hands to the rooms. The others are programs of their own.
    files: ['backend-bridge/src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/*.test-support.ts',
      'backend-bridge/src/app.ts',
      'backend-bridge/src/produce.ts',
      'backend-bridge/src/inspect.ts',
      'backend-bridge/src/check.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'performance.now() for durations, else the clock of app.ts',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date']",
          message: 'performance.now() for durations, else the clock of app.ts',
        },
        {
          // began = clock() ... clock() - began; clock() < notBefore; clock() + waitMs
          selector:
            "BinaryExpression[operator=/^(-|[<>]=?)$/]:has(> CallExpression[callee.name='clock'], > CallExpression[callee.property.name='clock']):has(> Identifier[name=/(began|begun|since|last|started|until|notBefore)/i], > MemberExpression[property.name=/(began|begun|since|last|started|until|notBefore|heard|sign)/i])",
          message: 'a duration or a deadline: measure it by performance.now()',
        },
      ],
    },
  },
  {
    files: ['src/**/*.tsx', 'src/**/*.ts', 'host/page/**/*.tsx'],
    ...jsxA11y.flatConfigs.recommended,
  },
  {
    files: ['src/**/*.tsx', 'src/**/*.ts'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...Object.fromEntries(compilerRules.map((name) => [name, 'off'])),
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      // Still there on 13, and what they are replaced by is missing on the oldest host.
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  {
    // Every text is translated, and looked up when it is rendered.
    files: ['src/**/*.tsx', 'src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test.tsx', 'src/**/testing/**', 'src/frames/**'],
    plugins: { '@grafana/i18n': i18n },
    rules: {
      '@grafana/i18n/no-untranslated-strings': ['error', { calleesToIgnore: ['^css$'] }],
      '@grafana/i18n/no-translation-top-level': 'error',
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ...['react/jsx-runtime', 'react-dom/client'].map((name) => ({
              name,
              message: 'a bundled copy breaks the React of a Grafana that does not share it',
            })),
            { name: '@grafana/i18n', message: 'src/locales has what texts need' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/locales/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // The host page stands in for Grafana: it must do what Grafana does, old ways too, and it logs to the developer's
    // console.
    files: ['host/page/**/*.tsx', 'host/page/**/*.ts'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-deprecated': 'off',
      // @grafana/schema's and @grafana/ui's enums are the same values under two types.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'no-console': ['error', { allow: ['error'] }],
    },
  },
  {
    files: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
    rules: { 'import-x/no-restricted-paths': 'off' },
  },
  {
    files: ['tests/**/*.ts', '**/*.test.ts', '**/*.test.tsx'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    // A package of its own: without its types, which are not installed with the project's. It checks them itself.
    ...tseslint.configs.disableTypeChecked,
    files: ['tests/grafana/**/*.ts'],
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        fetch: 'readonly',
        module: 'writable',
        require: 'readonly',
        jest: 'readonly',
        AbortSignal: 'readonly',
        performance: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        globalThis: 'readonly',
      },
    },
  },
  prettier,
);
