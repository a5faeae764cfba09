/**
 * What a newcomer with a clone does: npm start, and open the address that it prints. The dashboard must be there and
 * its numbers must move, by the app's real backend, within three minutes: prints how long it took. How fast packages
 * come is the network's, so what exits with 1 is more than two minutes from then on, or no dashboard at all. Plain
 * Node: there are no packages yet.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROMISED_MS = 180_000;
const PACKAGES_LIMIT_MS = 600_000;
const LIMIT_MS = 120_000;
const BRIDGE_PORT = '18765';
const startedMs = Date.now();
const since = (ms) => `${Math.round((Date.now() - ms) / 1000)} s`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const store = mkdtempSync(join(tmpdir(), 'streamkpi-newcomer-'));
// A process group of its own: npm does not pass a signal on to what it started.
const npm = spawn('npm', ['start'], {
  env: { ...process.env, STORE_PATH: store, BRIDGE_PORT },
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
const ended = new Promise((resolve) => {
  npm.once('error', (fault) => resolve(fault.message));
  npm.once('exit', (code, signal) => resolve(`npm start has ended (${code ?? signal})`));
});

// When the last of those it has started is gone too.
const closed = new Promise((resolve) => npm.once('close', resolve));
function endAll() {
  try {
    process.kill(-npm.pid, 'SIGTERM');
  } catch {
    // Nothing of it runs any more.
  }
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    endAll();
    process.exit(1);
  });
}

const packages = { begun: false, installedMs: undefined };

/** The page's address, as npm start prints it. */
const address = new Promise((resolve) => {
  let said = '';
  npm.stdout.setEncoding('utf8').on('data', (chunk) => {
    process.stdout.write(chunk);
    said += chunk;
    const found = /^ *Open +(http\S+)\s/m.exec(said);
    if (found !== null) resolve(found[1]);
    packages.begun ||= said.includes('Installing packages');
    if (said.includes('Packages are installed.')) packages.installedMs ??= Date.now();
  });
});

async function answered(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** Events of the last hour, as a panel gets them: `{ windows, sum }`. */
async function events(origin) {
  const now = Date.now();
  const answer = await answered(`${origin}/api/ds/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      from: String(now - 3_600_000),
      to: String(now),
      queries: [
        {
          refId: 'A',
          datasource: { uid: 'streamkpi', type: 'streamkpi-realtime-datasource' },
          kind: 'series',
          metric: 'events_per_minute',
          groupBy: [],
          maxDataPoints: 1_000,
          intervalMs: 60_000,
        },
      ],
    }),
  });
  const [frame] = (await answer.json()).results.A.frames;
  const values = frame?.data.values[1] ?? [];
  return { windows: values.length, sum: values.reduce((sum, value) => sum + value, 0) };
}

async function dashboardMoves() {
  const page = await address;
  const { origin, pathname } = new URL(page);
  const type = (await answered(page)).headers.get('content-type') ?? '';
  if (!type.startsWith('text/html')) throw new Error(`${page} is not a page but ${type}`);
  const uid = pathname.split('/').at(-1);
  const { dashboard } = await (await answered(`${origin}/api/dashboards/uid/${uid}`)).json();
  const first = await events(origin);
  let next = first;
  while (next.windows < 2 || next.sum === first.sum) {
    await pause(500);
    next = await events(origin);
  }
  return `${page} shows "${dashboard.title}", its events went from ${first.sum} to ${next.sum} in ${next.windows} windows`;
}

async function tooLate() {
  for (;;) {
    await pause(500);
    const isInstalling = packages.begun && packages.installedMs === undefined;
    const [fromMs, limitMs] = isInstalling
      ? [startedMs, PACKAGES_LIMIT_MS]
      : [packages.installedMs ?? startedMs, LIMIT_MS];
    if (Date.now() - fromMs > limitMs)
      return `it took longer than ${limitMs / 1000} s${isInstalling ? ' to install packages' : ''}`;
  }
}
const lost = Promise.race([ended, tooLate()]).then((why) => {
  throw new Error(why);
});
let code = 0;
try {
  const seen = await Promise.race([dashboardMoves(), lost]);
  const promise = Date.now() - startedMs <= PROMISED_MS ? 'within' : 'not within';
  const installed =
    packages.installedMs === undefined
      ? ''
      : `, ${since(packages.installedMs)} after the packages were there`;
  console.log(
    `\nnpm start: the dashboard moves after ${since(startedMs)}${installed}: ${promise} three minutes. ${seen}.`,
  );
} catch (fault) {
  console.log(`\nnpm start does not show a moving dashboard: ${fault.message} (${since(startedMs)})`);
  code = 1;
}
endAll();
await closed;
rmSync(store, { recursive: true, force: true });
process.exit(code);
