/** Pages that show the development build reload when it has changed, by the LiveReload protocol. */
import { once } from 'node:events';
import tinyLr from 'tiny-lr';
import { LIVE_RELOAD_PORT } from './live-reload-port.mjs';

/** Part of each bundle of the development build, once a page: Grafana need not be changed for it. */
export const LIVE_RELOAD_SCRIPT = `
if (typeof document !== 'undefined' && !document.getElementById('live-reload')) {
  const script = document.createElement('script');
  script.id = 'live-reload';
  script.src = 'http://127.0.0.1:${LIVE_RELOAD_PORT}/livereload.js';
  document.head.append(script);
}`;

/** Serves pages of this machine; gives the function that makes them reload. Rejects when the port is taken. */
export async function startLiveReload() {
  const server = tinyLr({ errorListener: () => undefined });
  server.listen(LIVE_RELOAD_PORT, '127.0.0.1');
  await once(server.server, 'listening');
  return () => server.notifyClients(['module.js']);
}
