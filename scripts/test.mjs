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
const background = (title, script, ...args) =>
  steps.check(title, process.execPath, [script, ...args], { gives: true });
const go = ensureGo();

/** What takes the processor and has no deadline: it has what the tests beside it leave. */
async function codeAndPictures() {
  await steps.jest('plugin', ['--selectProjects', 'plugin', '--maxWorkers=1'], { gives: true });
  await background('types and lint', 'scripts/check-code.mjs');
  await background('format', 'node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn');
  await background('compatibility with Grafana 12.4 and 13.2', 'scripts/compatibility.mjs');
  await steps.jest('e2e: pictures', suites('e2e', { path: PICTURES }), { gives: true });
}

/** What waits more than it computes, in two lanes that take about as long. */
async function contractAndKafka() {
  // As the backend is built, so that what is compiled for that need not be compiled again.
  await steps.check('go vet', go, ['vet', '-trimpath', '-tags', 'arrow_json_stdlib', './pkg/...'], {
    env: { CGO_ENABLED: '0' },
  });
  await steps.go('go test -race', go, ['-race', './pkg/...']);
  await steps.jest('contract', ['--selectProjects', 'contract', '--maxWorkers=1']);
  await steps.jest('integration of Kafka and pipelines', suites('integration', { path: KAFKA }));
  await steps.jest('integration of the data source', suites('integration', { path: DATASOURCE }));
}

async function unitAndBridge() {
  await steps.jest('unit', ['--selectProjects', 'unit', '--maxWorkers=1']);
  await steps.jest('integration', suites('integration', { except: `${KAFKA}|${DATASOURCE}|${CLIENT_TIME}` }));
}

/** Two lanes that take about as long: half of each is waiting, for faults to be noticed or numbers to move. */
async function inBrowser() {
  await Promise.all([
    steps.jest('e2e: live and editors', suites('e2e', { path: LIVE })),
    steps.jest('e2e: faults and others', suites('e2e', { except: `${PICTURES}|${LIVE}|${BROWSER_TIME}` })),
  ]);
}

/** Suites of a project, one after the other: those below `path`, or with `except` all but those. */
const suites = (project, { path, except }) => [
  '--selectProjects',
  project,
  '--runInBand',
  ...(path === undefined ? [] : [path]),
  ...(except === undefined ? [] : [`--testPathIgnorePatterns=${except}`]),
];
const KAFKA = 'tests/integration/(kafka|streams|pipeline)/';
const DATASOURCE = 'tests/integration/datasource';
const PICTURES = 'tests/e2e/appearance';
const LIVE = 'tests/e2e/(live|editors|one-number)';
// They measure how long clients and a browser wait: nothing else runs beside them.
const CLIENT_TIME = 'tests/integration/clients/(stalled-clients|greedy-clients|resync-wave)';
const BROWSER_TIME = 'tests/e2e/performance';

// Whatever is tested of the app is tested as it is built.
const isBuilt = await node('build of the app', 'scripts/build-plugin.mjs');
if (isBuilt && long) {
  // Its tests end by their own limits.
  await steps.jest('long', ['--selectProjects', 'long', '--runInBand'], { longestMs: Infinity });
} else if (isBuilt) {
  // For two cores: two lanes of tests, in their gaps what has no deadline, then two of tests in a browser.
  await Promise.all([unitAndBridge(), contractAndKafka(), codeAndPictures()]);
  await inBrowser();
  await steps.jest('integration: times of clients', suites('integration', { path: CLIENT_TIME }));
  await steps.jest('e2e: performance', suites('e2e', { path: BROWSER_TIME }));
}
rmSync(reports, { recursive: true, force: true });
for (const name of steps.failures) console.log(`failed: ${name}`);
console.log(`\n${steps.passed} passed, ${steps.failed} failed`);
process.exit(steps.failed === 0 && steps.passed > 0 ? 0 : 1);
