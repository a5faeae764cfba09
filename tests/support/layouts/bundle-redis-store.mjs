/**
 * Bundles the Redis store of a release for tests/integration/stores/last-redis.test.ts: its function library, requests,
 * messages and keys, as its bridges have them. `git worktree add <checkout> <commit>`, then
 * `node tests/support/layouts/bundle-redis-store.mjs <checkout> tests/fixtures/layouts/redis-store-<commit>.cjs`.
 */
import { resolve } from 'node:path';
import { build } from 'esbuild';

const [checkout, outfile] = process.argv.slice(2);
if (checkout === undefined || outfile === undefined)
  throw new Error('usage: bundle-redis-store.mjs <checkout> <outfile>');
const redis = './backend-bridge/src/redis';
await build({
  stdin: {
    contents: `export { createRedisStore } from '${redis}/redis-store'; export { functionName } from '${redis}/function-library';`,
    resolveDir: resolve(checkout),
  },
  absWorkingDir: resolve(checkout),
  outfile: resolve(outfile),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  loader: { '.lua': 'text' },
  banner: { js: '// Made by tests/support/layouts/bundle-redis-store.mjs; not to be changed.' },
});
