/** Options of npm start, validated before anything is installed, built or started. */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { root } from '../ensure.mjs';
import { LIVE_RELOAD_PORT } from '../plugin/live-reload-port.mjs';
import { findGrafana, hasDocker } from './real-grafana.mjs';

const OPTIONS = ['--host-page', '--docker'];
/** Number of ports tried for the page, from the requested one on. */
const PORTS = 20;

const isFree = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && done(false));
    socket.once('error', () => done(true));
  });

function portOf(environment, name, otherwise) {
  const text = environment[name] || String(otherwise);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Error(`${name} is ${text}; it must be a port, from 1 to 65535`);
}

/** The first free port from the wanted one on, other than the bridge's. */
async function pagePort(wanted, bridgePort) {
  const last = Math.min(wanted + PORTS - 1, 65_535);
  for (let port = wanted; port <= last; port += 1) {
    if (port !== bridgePort && (await isFree(port))) return port;
  }
  throw new Error(`No port from ${wanted} to ${last} is free for the page; set HOST_PORT to another one`);
}

/**
 * `docker`: everything in containers, the rest is then missing. `grafana`: the one to show the dashboard on, null for the
 * host page, which is made of the packages of Grafana `hostGrafana`. `port`: where the dashboard is opened.
 * `isWatched`: `npm run dev` builds the app already. `store`: the bridge's folder. Rejects with a sentence that names the setting that cannot be used.
 */
export async function readSettings(args, environment = process.env) {
  const unknown = args.find((one) => !OPTIONS.includes(one));
  if (unknown !== undefined)
    throw new Error(`${unknown}: unknown option; there are ${OPTIONS.join(' and ')}`);
  if (args.includes('--docker')) {
    if (hasDocker(environment)) return { docker: true };
    throw new Error('--docker needs Docker with the compose plugin (https://docs.docker.com/get-docker)');
  }
  const isHostPage = args.includes('--host-page');
  const grafana = isHostPage ? null : findGrafana(environment);
  const bridgePort = portOf(environment, 'BRIDGE_PORT', 8765);
  return {
    docker: false,
    grafana,
    isDockerAtHand: grafana === null && !isHostPage && hasDocker(environment),
    bridgePort,
    port: await pagePort(portOf(environment, 'HOST_PORT', 3000), bridgePort),
    isWatched: !(await isFree(LIVE_RELOAD_PORT)),
    // Grafana takes a relative folder from its home, the bridge from this project.
    store: resolve(root, environment.STORE_PATH || 'data'),
  };
}
