/**
 * npm start: the demo for a newcomer. The bridge with demo traffic, and the dashboard: on a Grafana that is at hand,
 * else on the host page, which needs none. Ctrl-C ends all.
 *
 *   npm start -- --host-page   the host page, also where there is a Grafana
 *   npm start -- --docker      everything in containers instead, with Kafka and Grafana (docker compose)
 *
 * Exit codes: 2 a setting that cannot be used, before anything is started; else that of what has failed.
 */
import { join } from 'node:path';
import { ensureBridge, ensurePackages } from './ensure.mjs';
import { endAll, endOnSignals, isEnding, node, start } from './start/children.mjs';
import { firstNumbers } from './start/first-numbers.mjs';
import { buildHost } from './start/host-page.mjs';
import { grafanaStart } from './start/real-grafana.mjs';
import { readSettings } from './start/settings.mjs';

const settings = await readSettings(process.argv.slice(2)).catch((fault) => {
  console.error(fault.message);
  process.exit(2);
});
endOnSignals();
const part = (option) => node('scripts/build-plugin.mjs', [option], { stdio: ['ignore', 2, 2] });
// What takes longest where it is built for the first time, and needs no packages.
const backend = settings.docker ? null : part('--backend');
ensurePackages();
if (!settings.docker) ensureBridge();
(settings.docker ? containers() : demo(settings)).catch((fault) => {
  if (!isEnding()) console.error(fault.message);
  return endAll(1);
});

async function containers() {
  const built = await node('scripts/build-plugin.mjs').ended;
  await endAll(built === 0 ? await start('docker', ['compose', 'up', '--build']).ended : built);
}

async function demo({ bridgePort, store, grafana, port, isDockerAtHand, isWatched }) {
  const bridgeUrl = `http://127.0.0.1:${bridgePort}`;
  const bridge = node('backend-bridge/dist/main.js', [], {
    env: { BRIDGE_PORT: String(bridgePort), STORE_PATH: store, LOG_LEVEL: process.env.LOG_LEVEL || 'warn' },
  });
  bridge.ended.then((code) => endAll(code));
  // The app is built while the first numbers come.
  const builds = isWatched ? [backend.ended] : [backend.ended, part('--frontend').ended];
  const number = await firstNumbers(bridgeUrl, process.env.STREAMKPI_BRIDGE_TOKEN);
  console.log(`
StreamKPI runs: the embedded pipeline with demo traffic, the embedded store, no Kafka, no Redis.

  metrics    ${bridgeUrl}/api/v1/metrics
  status     ${bridgeUrl}/api/v1/status
  live       ws://127.0.0.1:${bridgePort}   (e.g. npx wscat -c ws://127.0.0.1:${bridgePort})
  a query    curl -s ${bridgeUrl}/api/v1/query -H 'content-type: application/json' \\
               -d '{"metric":"events_per_minute","from_ms":'$(($(date +%s)-3600))000',"to_ms":'$(date +%s)000'}'

  events_per_minute over the last hour: ${number.points} minutes so far, the newest is ${number.newest} and still changing.
  Ctrl-C ends it; its data is in ${store}.

Building the dashboard (about a minute the first time) ...
`);
  if ((await Promise.all(builds)).some((code) => code !== 0)) {
    if (isEnding()) return;
    console.error(
      'The dashboard needs the built app, and the build failed (see above). The bridge keeps running.',
    );
    return;
  }
  const what =
    grafana === null
      ? await startHostPage({ port, bridgeUrl })
      : await startGrafana(grafana, { port, bridgeUrl, data: join(store, 'grafana'), isWatched });
  console.log(`
  Open  http://127.0.0.1:${port}/d/streamkpi-realtime

  It is ${what}.${isDockerAtHand ? DOCKER_HINT : ''}
`);
}

const DOCKER_HINT = `
  There is Docker: npm start -- --docker shows it in Grafana, with Kafka; it downloads their images first.`;

/** A program that must run as long as this one: its end is the end. */
function lasting(program, name) {
  program.ended.then((code) => {
    if (!isEnding()) console.error(`${name} has ended (${code}).`);
    return endAll(code === 0 ? 1 : code);
  });
}

async function startGrafana(grafana, at) {
  const { command, args, env } = grafanaStart(grafana, at);
  lasting(start(command, args, { env, stdio: ['ignore', 2, 2] }), 'Grafana');
  const health = () => fetch(`http://127.0.0.1:${at.port}/api/health`).catch(() => null);
  while (!(await health())?.ok) await new Promise((resolve) => setTimeout(resolve, 500));
  return `Grafana (${grafana.home}); sign in as admin with the password admin to change something`;
}

async function startHostPage({ port, bridgeUrl }) {
  const server = node(await buildHost(), [], {
    env: { HOST_PORT: String(port), STREAMKPI_BRIDGE_URL: bridgeUrl },
    stdio: ['ignore', 'pipe', 2],
  });
  lasting(server, 'The host page');
  await new Promise((resolve) => server.child.stdout.once('data', resolve));
  return "the host page: the plugin as Grafana loads it; Grafana's own panels are stand-ins, and say so";
}
