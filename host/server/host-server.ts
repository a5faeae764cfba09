import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { LiveServer } from '../../tests/support/plugin-host/live-server';
import { VIEWER, type GrafanaUser, type PluginContext } from '../../tests/support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../tests/support/plugin-host/plugin-host';
import { builtPlugins } from './built-plugins';
import { DataSources, ORG_ID } from './data-sources';
import { serveLive } from './live-socket';
import { bundlePage } from './page-bundle';
import { dashboardsIn, provisionedDataSources } from './provisioning';
import { refused, send } from './replies';
import { answer, type RouteDependencies } from './routes';
import { filesKept } from './static-files';

export interface HostOptions {
  /** The project's folder. */
  readonly root: string;
  /** 0: any free one. */
  readonly port: number;
  /** The bridge that the provisioned data source reads. */
  readonly bridgeUrl: string;
  readonly bridgeToken?: string;
  readonly liveEnabled?: boolean;
  /** The built app; default: dist/. */
  readonly dist?: string;
  /** A folder of dashboards besides the project's own. */
  readonly dashboards?: string;
  readonly log?: (line: string) => void;
}

export interface RunningHost {
  readonly address: string;
  readonly backend: PluginHost;
  readonly live: LiveServer;
  /** Plugin context of a data source as saved; null for an unknown uid. */
  context(uid: string): PluginContext | null;
  /** Cuts every page's Live connection once; pages come back by themselves. */
  cutLive(): void;
  /** True: cuts them and refuses new ones, as a proxy without WebSocket does. */
  blockLive(blocked: boolean): void;
  close(): Promise<void>;
}

const ADMIN: GrafanaUser = { ...VIEWER, login: 'host-page', name: 'Host page', role: 'Admin' };

/** Grafana starts a backend that has ended again after a moment. */
const RESTART_MS = 1_000;

function keepAlive(backend: PluginHost, log: (line: string) => void): () => void {
  let closing = false;
  const watch = (): void => {
    backend.process.process.once('exit', (code) => {
      if (closing) return;
      log(`The data source's backend has ended (${String(code)}); it is started again.`);
      setTimeout(() => {
        if (closing) return;
        backend.restart().then(watch, (reason: unknown) => log(`It does not start: ${String(reason)}`));
      }, RESTART_MS);
    });
  };
  watch();
  return () => {
    closing = true;
  };
}

/** The Grafana whose packages the page is made of. */
const grafanaVersionOf = (root: string): string => {
  const file = join(root, 'node_modules/@grafana/runtime/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
};

/**
 * Starts the host page: the built app, its backend and its pages on 127.0.0.1.
 * Rejects when the app or its backend is not built, or a package is missing.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { root, bridgeUrl, bridgeToken = '', liveEnabled = true } = options;
  const log = options.log ?? (() => undefined);
  const dist = options.dist ?? join(root, 'dist');
  const plugins = builtPlugins(dist);
  const grafanaVersion = grafanaVersionOf(root);
  const bundle = await bundlePage(root);
  const backend = await startPluginHost({ grafanaVersion });
  const environment = { STREAMKPI_BRIDGE_URL: bridgeUrl, STREAMKPI_BRIDGE_TOKEN: bridgeToken };
  const dataSources = new DataSources(
    provisionedDataSources(join(root, 'provisioning/datasources'), environment),
    plugins,
    grafanaVersion,
  );
  const live = new LiveServer(backend, (orgId, uid, user) =>
    orgId === ORG_ID ? dataSources.context(uid, user) : null,
  );
  const http = createServer();
  const port = (): number => (http.address() as AddressInfo).port;
  const dependencies: RouteDependencies = {
    root,
    grafanaVersion,
    plugins,
    dataSources,
    liveEnabled,
    bundlePath: `/host/${basename(bundle.folder)}/`,
    host: backend,
    live,
    user: ADMIN,
    // Read for every request: a generated file is seen at a reload.
    dashboards: () =>
      dashboardsIn([
        join(root, 'provisioning/dashboards'),
        join(root, 'provisioning/dashboards/shared'),
        join(dist, 'dashboards'),
        join(dist, 'dashboards/shared'),
        ...(options.dashboards === undefined ? [] : [options.dashboards]),
      ]),
    bundle: filesKept(bundle.folder),
    images: join(root, 'node_modules/@grafana/ui/dist/public'),
    port,
  };
  http.on('request', (request, response) => {
    answer(request, dependencies)
      .catch((reason: unknown) => {
        const message = reason instanceof Error ? reason.message : String(reason);
        log(`${request.method ?? ''} ${request.url ?? ''}: ${message}`);
        return refused(500, message);
      })
      .then((reply) => send(response, reply))
      .catch((reason: unknown) => log(String(reason)));
  });
  const sockets = serveLive(http, live, ORG_ID, ADMIN, port);
  const stopKeepingAlive = keepAlive(backend, log);
  http.listen(options.port, '127.0.0.1');
  try {
    await once(http, 'listening');
  } catch (reason) {
    stopKeepingAlive();
    await backend.stop();
    throw reason;
  }
  return {
    address: `http://127.0.0.1:${port()}`,
    backend,
    live,
    context: (uid) => dataSources.context(uid, ADMIN),
    cutLive: () => sockets.cut(),
    blockLive: (blocked) => sockets.block(blocked),
    close: async () => {
      stopKeepingAlive();
      sockets.close();
      await live.close();
      http.close();
      http.closeAllConnections();
      await backend.stop();
    },
  };
}
