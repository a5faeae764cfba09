/** Pages that show the development build reload when it has changed, by the LiveReload protocol. */
import { once } from 'node:events';
import tinyLr from 'tiny-lr';
import { LIVE_RELOAD_PORT } from './live-reload-port.mjs';

/** Part of each bundle of the development build, once a page: Grafana need not be changed for it. */
export const LIVE_RELOAD_SCRIPT = `
if (typeof document !== 'undefined' && !document.getElementById('live-reload')) {
  const script = document.createElement('script');
  script.id = 'live-reload';
  script.src = 'http://127.0.0.1:${LIVE_RELOAD_PORT}/livereload.js?began=' + performance.timeOrigin;
  document.head.append(script);
}`;

/**
 * Serves pages of this machine: `{ port, reload, close }`. Rejects when the port is taken. A page that was loading while
 * a build ended was not there to be notified, and may have loaded the build before: it reloads once it is connected.
 */
export async function startLiveReload(port = LIVE_RELOAD_PORT) {
  const server = tinyLr({ errorListener: () => undefined });
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  let builtAt = 0;
  /** When the pages began to load that have fetched the script and are not connected yet. */
  let connecting = [];
  const notify = () => server.notifyClients(['module.js']);
  server.server.on('request', ({ url }) => {
    const began = new URL(url, 'http://localhost').searchParams.get('began');
    if (began !== null) connecting.push(Number(began));
  });
  server.on('MSG /create', () => {
    const isOutdated = connecting.some((began) => began < builtAt);
    connecting = [];
    if (isOutdated) notify();
  });
  return {
    port: server.server.address().port,
    reload: () => {
      builtAt = Date.now();
      notify();
    },
    close: () => server.close(),
  };
}
