/** npm test: everything that CI runs. npm run test:long: what is too long for it. Ends with `N passed, N failed`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBridge, ensurePackages } from './ensure.mjs';
import { ensureGo } from './go.mjs';
import { ensureServices } from './services.mjs';
import { TestSteps } from './test-steps.mjs';

const long = process.argv.includes('--long');
const services = ensureServices(long ? 'run test:long' : 'test');
if (services.inDocker) process.exit(services.status);
ensurePackages();
ensureBridge();

const reports = mkdtempSync(join(tmpdir(), 'streamkpi-test-'));
const steps = new TestSteps(reports);
const node = (title, script, ...args) => steps.check(title, process.execPath, [script, ...args]);
const types = (title, project) => node(title, 'node_modules/typescript/bin/tsc', '--noEmit', '-p', project);
const go = ensureGo();

/** What the data source's backend is held to by Go itself. */
async function backend() {
  await steps.check('go vet', go, ['vet', './pkg/...']);
  await steps.go('go test -race', go, ['-race', './pkg/...']);
  await node('compatibility with Grafana 11.6, 12.4 and 13.2', 'scripts/compatibility.mjs');
}

/** What needs no service beside the built app. */
async function code() {
  await types('types', 'tsconfig.json');
  await types('types of the app', 'src/tsconfig.json');
  await types('types of the host page', 'host/page/tsconfig.json');
  await types('types of the browser tests', 'tests/e2e/tsconfig.json');
  await node('lint', 'node_modules/eslint/bin/eslint.js', '.');
  await node('format', 'node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn');
  await steps.jest('unit', ['--selectProjects', 'unit', '--maxWorkers=2']);
  await steps.jest('plugin', ['--selectProjects', 'plugin', '--maxWorkers=2']);
  await steps.jest('contract', ['--selectProjects', 'contract', '--maxWorkers=2']);
}

// Of whole parts: those of the data source mostly wait, and may do so beside others; the bridge's measure time.
const DATASOURCE = 'tests/integration/datasource';
const integration = (...args) => ['--selectProjects', 'integration', '--runInBand', ...args];

// Whatever is tested of the app is tested as it is built.
const isBuilt = await node('build of the app', 'scripts/build-plugin.mjs');
if (isBuilt && long) {
  // Its tests end by their own limits.
  await steps.jest('long', ['--selectProjects', 'long', '--runInBand'], { longestMs: Infinity });
} else if (isBuilt) {
  const datasource = () => steps.jest('integration of the data source', integration(DATASOURCE));
  await Promise.all([backend().then(datasource), code()]);
  await steps.jest('integration', integration(`--testPathIgnorePatterns=${DATASOURCE}`));
  await steps.jest('e2e', ['--selectProjects', 'e2e', '--runInBand']);
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${steps.passed} passed, ${steps.failed} failed`);
process.exit(steps.failed === 0 && steps.passed > 0 ? 0 : 1);
