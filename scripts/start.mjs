/**
 * npm start: the demo for a newcomer. The bridge with demo traffic, and the dashboard: on a Grafana that is at hand,
 * else on the host page, which needs none. Ctrl-C ends all.
 *
 *   npm start -- --host-page   the host page, also where there is a Grafana
 *   npm start -- --docker      everything in containers instead, with Kafka and Grafana (docker compose)
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { ensureBridge, ensurePackages, root } from './ensure.mjs';
import { endAll, endOnSignals, isEnding, node, start } from './start/children.mjs';
import { buildHost, ensureHostPackages } from './start/host-page.mjs';
import { findGrafana, grafanaStart, hasDocker } from './start/real-grafana.mjs';

const asked = new Set(process.argv.slice(2));
for (const option of asked) {
  if (['--host-page', '--docker'].includes(option)) continue;
  console.error(`${option}: unknown option; there are --host-page and --docker`);
  process.exit(2);
}
endOnSignals();
ensurePackages();

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isFree = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && resolve(false));
    socket.once('error', () => resolve(true));
  });

if (asked.has('--docker')) {
  if (!hasDocker()) {
    console.error('--docker needs Docker with the compose plugin (https://docs.docker.com/get-docker)');
    process.exit(1);
  }
  const built = await node('scripts/build-plugin.mjs').ended;
  if (built !== 0) process.exit(built);
  const compose = start('docker', ['compose', 'up', '--build']);
  process.exit(await compose.ended);
}

ensureBridge();
const bridgePort = process.env.BRIDGE_PORT || '8765';
const bridgeUrl = `http://127.0.0.1:${bridgePort}`;
const bridge = node('backend-bridge/dist/main.js', [], {
  env: { BRIDGE_PORT: bridgePort, LOG_LEVEL: process.env.LOG_LEVEL || 'warn' },
});
bridge.ended.then((code) => endAll(code));
// The app is built while the first numbers come.
const build = node('scripts/build-plugin.mjs', [], { stdio: ['ignore', 2, 2] });

/** The newest whole minute of events, to show that numbers are there. */
async function newestNumber() {
  const now = Date.now();
  const answer = await fetch(`${bridgeUrl}/api/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ metric: 'events_per_minute', from_ms: now - 3_600_000, to_ms: now, group_by: [] }),
  });
  const [series] = (await answer.json()).series ?? [];
  return series === undefined ? null : { points: series.times.length, newest: series.values.at(-1) };
}

async function firstNumbers() {
  for (;;) {
    await pause(250);
    const ready = await fetch(`${bridgeUrl}/readyz`).catch(() => null);
    if (ready === null || !ready.ok) continue;
    const number = await newestNumber().catch(() => null);
    if (number !== null && number.points >= 2) return number;
  }
}

const number = await firstNumbers();
console.log(`
StreamKPI runs: the embedded pipeline with demo traffic, the embedded store, no Kafka, no Redis.

  metrics    ${bridgeUrl}/api/v1/metrics
  status     ${bridgeUrl}/api/v1/status
  live       ws://127.0.0.1:${bridgePort}   (e.g. npx wscat -c ws://127.0.0.1:${bridgePort})
  a query    curl -s ${bridgeUrl}/api/v1/query -H 'content-type: application/json' \\
               -d '{"metric":"events_per_minute","from_ms":'$(($(date +%s)-3600))000',"to_ms":'$(date +%s)000'}'

  events_per_minute over the last hour: ${number.points} minutes so far, the newest stands at ${number.newest}; it moves.
  Ctrl-C ends it; what it has stored lies in ${process.env.STORE_PATH || './data'}.

The dashboard is on its way (the first build takes about a minute) ...
`);

/** From the wanted one on, the first that nobody listens on. */
async function freePort(wanted) {
  for (let port = wanted; port < wanted + 20; port += 1) if (await isFree(port)) return port;
  throw new Error(`no free port from ${wanted} on; set HOST_PORT`);
}

/** A program that must run as long as this one: its end is the end. */
function lasting(program, name) {
  program.ended.then((code) => {
    if (!isEnding()) console.error(`${name} has ended (${code}).`);
    return endAll(code === 0 ? 1 : code);
  });
}

async function startGrafana(grafana, port) {
  const data = join(process.env.STORE_PATH || join(root, 'data'), 'grafana');
  const { command, args, env } = grafanaStart(grafana, { port, bridgeUrl, data });
  lasting(start(command, args, { env, stdio: ['ignore', 2, 2] }), 'Grafana');
  const health = () => fetch(`http://127.0.0.1:${port}/api/health`).catch(() => null);
  while (!(await health())?.ok) await pause(500);
  return `Grafana (${grafana.home}); sign in as admin with the password admin to change something`;
}

async function startHostPage(port) {
  const version = process.env.HOST_GRAFANA || '13';
  ensureHostPackages(version);
  const server = node(await buildHost(), [], {
    env: { HOST_PORT: String(port), HOST_GRAFANA: version, STREAMKPI_BRIDGE_URL: bridgeUrl },
    stdio: ['ignore', 'pipe', 2],
  });
  lasting(server, 'The host page');
  await new Promise((resolve) => server.child.stdout.once('data', resolve));
  return "the host page: the plugin as Grafana loads it; Grafana's own panels are stand-ins, and say so";
}

if ((await build.ended) === 0) {
  const grafana = asked.has('--host-page') ? null : findGrafana();
  const port = await freePort(Number(process.env.HOST_PORT || '3000'));
  const what = grafana === null ? await startHostPage(port) : await startGrafana(grafana, port);
  console.log(`
  Open  http://127.0.0.1:${port}/d/streamkpi-realtime

  It is ${what}.
`);
} else if (!isEnding()) {
  console.error(
    'The dashboard needs the built app, and the build failed (see above). The bridge goes on, its numbers move.',
  );
}
