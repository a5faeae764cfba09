/** npm test: everything that CI runs. npm run test:long: what is too long for it. Ends with `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBridge, ensurePackages, root } from './ensure.mjs';
import { ensureServices } from './services.mjs';

const long = process.argv.includes('--long');
const services = ensureServices(long ? 'run test:long' : 'test');
if (services.inDocker) process.exit(services.status);
ensurePackages();
ensureBridge();

const totals = { passed: 0, failed: 0 };
const reports = mkdtempSync(join(tmpdir(), 'streamkpi-test-'));

/** One check that passes or fails as a whole. */
function check(title, args) {
  console.log(`\n== ${title}`);
  const started = Date.now();
  const ok = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
  totals[ok ? 'passed' : 'failed'] += 1;
  console.log(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${Math.round((Date.now() - started) / 1000)} s)`);
}

/** jest projects; every test counts by itself, and a suite that cannot run counts as failed. */
function jest(title, args) {
  console.log(`\n== ${title}`);
  const report = join(reports, `${title}.json`);
  const run = spawnSync(
    process.execPath,
    ['--expose-gc', 'node_modules/jest/bin/jest.js', '--ci', '--json', `--outputFile=${report}`, ...args],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } },
  );
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error(`== ${title}: jest gave no result (exit ${run.status})`);
    totals.failed += 1;
    return;
  }
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  const neither = result.numPendingTests + result.numTodoTests;
  if (neither > 0) {
    console.error(`== ${title}: ${neither} tests were skipped; a skipped test is a failed one here`);
    totals.failed += neither;
  }
  if (run.status !== 0 && result.numFailedTests + result.numRuntimeErrorTestSuites === 0) totals.failed += 1;
}

if (long) {
  jest('long', ['--selectProjects', 'long', '--runInBand']);
} else {
  check('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']);
  check('types of the app', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src/tsconfig.json']);
  check('lint', ['node_modules/eslint/bin/eslint.js', '.']);
  check('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn']);
  jest('unit', ['--selectProjects', 'unit', '--maxWorkers=2']);
  jest('plugin', ['--selectProjects', 'plugin', '--maxWorkers=2']);
  jest('contract', ['--selectProjects', 'contract', '--maxWorkers=2']);
  jest('integration', ['--selectProjects', 'integration', '--runInBand']);
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
