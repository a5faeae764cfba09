const transform = {
  '\\.(lua|yaml)$': '<rootDir>/tests/support/text-transform.cjs',
  '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
};
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'js', 'json', 'mjs', 'cjs', 'lua', 'yaml'],
  setupFilesAfterEnv: [
    '<rootDir>/tests/support/fail-on-unhandled.cjs',
    '<rootDir>/tests/support/timeouts.cjs',
  ],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};

/** unit: no service at all. contract and integration: the services that scripts/test.mjs starts. */
export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/backend-bridge/src/**/*.test.ts'] },
    { ...base, displayName: 'contract', testMatch: ['<rootDir>/tests/contract/**/*.test.ts'] },
    { ...base, displayName: 'integration', testMatch: ['<rootDir>/tests/integration/**/*.test.ts'] },
    { ...base, displayName: 'long', testMatch: ['<rootDir>/tests/long/**/*.test.ts'] },
  ],
};
