/** The steps of `npm test`: each is run in a process of its own, and what it says is counted. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './ensure.mjs';

/** A step of `npm test` takes no longer; one that hangs must not take the others' results with it. */
const LONGEST_MS = 25 * 60_000;
/** Jest goes so long after its results are written, unless a test has left something running. */
const AFTER_RESULT_MS = 30_000;
const LOOK_MS = 500;

/** The groups of the steps that run: with this process they end too. */
const running = new Set();
const endAll = () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
};
process.once('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const seconds = (startedMs) => `${Math.round((Date.now() - startedMs) / 1000)} s`;

/**
 * Runs a command; resolves with its exit code and what it wrote, or with what ended it. One that `gives` way has the
 * processor, with all that it starts, when no other step wants it.
 */
function run(
  command,
  args,
  { endedBy = () => null, keep = false, longestMs = LONGEST_MS, gives = false, env } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', ...env },
    });
    if (child.pid !== undefined) {
      running.add(child.pid);
      if (gives) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    }
    let [stdout, text, killed] = ['', '', null];
    const startedMs = Date.now();
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += keep ? chunk : '';
      text += keep ? '' : chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const watch = setInterval(() => {
      killed ??=
        Date.now() - startedMs > longestMs ? `took longer than ${longestMs / 60_000} min` : endedBy();
      if (killed === null) return;
      clearInterval(watch);
      // Its own group: what it has started ends with it.
      process.kill(-child.pid, 'SIGKILL');
    }, LOOK_MS);
    child.on('error', (error) => (text += `${error.message}\n`));
    child.on('exit', () => running.delete(child.pid));
    child.on('close', (status) => {
      clearInterval(watch);
      resolve({ status, stdout, text, killed });
    });
  });
}

/** The tests of jest's result that failed, and the suites that could not run. */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
    const suite = relative(root, name);
    if (failed.length === 0) return status === 'failed' ? [suite] : [];
    return failed.map((test) => `${suite} › ${test}`);
  });
}

export class TestSteps {
  passed = 0;
  failed = 0;
  /** What failed, by name: the end of a long log is what people read. */
  failures = [];

  /** @param reports a folder for jest's results */
  constructor(reports) {
    this.reports = reports;
  }

  /** One check that passes or fails as a whole; true when it passed. */
  async check(title, command, args, options = {}) {
    const startedMs = Date.now();
    const { status, text, killed } = await run(command, args, options);
    const ok = status === 0;
    this[ok ? 'passed' : 'failed'] += 1;
    if (!ok) this.failures.push(title);
    this.report(
      title,
      ok ? 'ok' : `FAILED${killed === null ? '' : `, it ${killed}`}`,
      startedMs,
      ok ? '' : text,
    );
    return ok;
  }

  /** A jest project; every test counts by itself, and a suite that cannot run counts as failed. */
  async jest(title, args, { longestMs, gives } = {}) {
    const startedMs = Date.now();
    const report = join(this.reports, `${title}.json`);
    let writtenMs = null;
    const { status, text, killed } = await run(
      process.execPath,
      ['--expose-gc', 'node_modules/jest/bin/jest.js', '--ci', '--json', `--outputFile=${report}`, ...args],
      {
        keep: true,
        longestMs,
        gives,
        endedBy: () => {
          if (existsSync(report)) writtenMs ??= Date.now();
          const isLeft = writtenMs !== null && Date.now() - writtenMs > AFTER_RESULT_MS;
          return isLeft ? 'left something running after its last test' : null;
        },
      },
    );
    let result;
    try {
      result = JSON.parse(readFileSync(report, 'utf8'));
    } catch {
      this.failed += 1;
      this.failures.push(title);
      this.report(
        title,
        `FAILED, jest gave no result (exit ${status}${killed === null ? '' : `, it ${killed}`})`,
        startedMs,
        text,
      );
      return;
    }
    let failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    const faults = failed > 0 ? [`${failed} failed`] : [];
    const neither = result.numPendingTests + result.numTodoTests;
    if (neither > 0) {
      faults.push(`${neither} were skipped, and a skipped test is a failed one here`);
      failed += neither;
    }
    if (killed !== null) faults.push(`jest ${killed}`);
    if ((killed !== null || status !== 0) && failed === 0) failed = 1;
    this.passed += result.numPassedTests;
    this.failed += failed;
    this.failures.push(...failuresOf(result).map((name) => `${title}: ${name}`));
    if (failed > 0 && failed > result.numFailedTests + result.numRuntimeErrorTestSuites)
      this.failures.push(`${title}: ${faults.join(', ')}`);
    this.report(title, [`${result.numPassedTests} passed`, ...faults].join(', '), startedMs, text);
  }

  /** Go's tests, each counted; subtests count with the test they belong to. */
  async go(title, go, args) {
    const startedMs = Date.now();
    const { status, stdout, text, killed } = await run(go, ['test', '-json', ...args], { keep: true });
    const events = stdout.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
    const count = (action) =>
      events.filter(({ Action, Test }) => Action === action && Test !== undefined && !Test.includes('/'))
        .length;
    const [passed, skipped] = [count('pass'), count('skip')];
    let failed = count('fail') + skipped;
    if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
    this.passed += passed;
    this.failed += failed;
    // The output of what failed, with what belongs to no test: a build that broke, a race.
    const broken = new Set(
      events.filter(({ Action }) => Action === 'fail').map(({ Package, Test }) => `${Package} ${Test}`),
    );
    const said = events
      .filter(
        ({ Action, Package, Test }) =>
          Action?.endsWith('output') && (Test === undefined || broken.has(`${Package} ${Test}`)),
      )
      .map(({ Output }) => Output);
    if (failed > 0) this.failures.push(...(broken.size > 0 ? [...broken] : [title]));
    const how = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${killed === null ? '' : `, it ${killed}`}`;
    this.report(title, how, startedMs, failed > 0 ? text + said.join('') : '');
  }

  report(title, how, startedMs, text) {
    if (text.trim() !== '') console.log(text.trimEnd());
    console.log(`== ${title}: ${how} (${seconds(startedMs)})`);
  }
}
