import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { GrafanaUser } from '../../tests/support/plugin-host/plugin-context';
import type { LiveServer } from '../../tests/support/plugin-host/live-server';
import type { PluginHost } from '../../tests/support/plugin-host/plugin-host';
import { refusal } from './access';
import { ORG_ID, type DataSourceChange, type NewDataSource } from './data-sources';
import { fontFile } from './fonts';
import { frontendSettings, page, type PageSettings } from './page-html';
import type { Dashboard } from './provisioning';
import { publicQuery } from './public-dashboard';
import { dsQuery } from './query-route';
import { file, json, refused, relayed, type Reply } from './replies';
import { fileBelow } from './static-files';

export interface RouteDependencies extends PageSettings {
  /** The project's folder. */
  readonly root: string;
  readonly host: PluginHost;
  readonly live: LiveServer;
  readonly user: GrafanaUser;
  readonly dashboards: () => ReadonlyMap<string, Dashboard>;
  readonly bundle: ReadonlyMap<string, Buffer>;
  /** @grafana/ui's images. */
  readonly images: string;
  readonly port: () => number;
}

/** One request, split up. */
interface Call {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly url: URL;
  /** The path's parts, decoded. */
  readonly path: readonly string[];
}

const MAX_BODY = 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

const missing = ({ url }: Call): Reply => refused(404, `The host page has no ${url.pathname}`);
const noSource = (uid: string): Reply => refused(404, `There is no data source ${uid}`);

async function health(dependencies: RouteDependencies, uid: string): Promise<Reply> {
  const context = dependencies.dataSources.context(uid, dependencies.user);
  if (context === null) return noSource(uid);
  const { status, message, details } = await dependencies.host.checkHealth(context);
  return json(status === 'OK' ? 200 : 400, { status, message, details });
}

async function resource(
  { request, method, url }: Call,
  dependencies: RouteDependencies,
  uid: string,
): Promise<Reply> {
  const context = dependencies.dataSources.context(uid, dependencies.user);
  if (context === null) return noSource(uid);
  const path = url.pathname.split('/resources/')[1] ?? '';
  const body = await bodyOf(request);
  const answer = await dependencies.host.callResource(context, path + url.search, {
    method,
    ...(body === '' ? {} : { body: JSON.parse(body) as unknown }),
  });
  return relayed(answer.status, answer.text);
}

async function dataSource(call: Call, dependencies: RouteDependencies): Promise<Reply> {
  const { request, method, path } = call;
  const [, , , uid = '', part] = path;
  if (part === 'health') return health(dependencies, uid);
  if (part === 'resources') return resource(call, dependencies, uid);
  if (part !== undefined) return missing(call);
  if (method === 'PUT') {
    const change = JSON.parse(await bodyOf(request)) as DataSourceChange;
    if (dependencies.dataSources.change(uid, change)) await dependencies.live.settingsChanged(ORG_ID, uid);
  }
  const settings = dependencies.dataSources.forEditor(uid);
  if (settings === undefined) return noSource(uid);
  return json(200, method === 'PUT' ? { datasource: settings, message: 'Datasource updated' } : settings);
}

/** A dashboard by its access token, which is its uid here, and the queries of its panels. */
async function publicDashboard(
  { request, method, path }: Call,
  dependencies: RouteDependencies,
): Promise<Reply> {
  const found = dependencies.dashboards().get(path[3] ?? '');
  if (found === undefined) return refused(404, 'Dashboard not found');
  if (method !== 'POST') return json(200, { dashboard: found, meta: { publicDashboardEnabled: true } });
  const contextOf = (uid: string) => dependencies.dataSources.context(uid, dependencies.user);
  const { status, body } = await publicQuery(found, Number(path[5]), await bodyOf(request), (text) =>
    dsQuery(text, dependencies.host, contextOf),
  );
  return json(status, body);
}

async function newDataSource({ request }: Call, dependencies: RouteDependencies): Promise<Reply> {
  const { uid = randomUUID(), name, type } = JSON.parse(await bodyOf(request)) as NewDataSource;
  if (!dependencies.dataSources.add({ uid, name, type })) {
    return refused(409, 'data source with the same name or uid already exists');
  }
  return json(200, {
    datasource: dependencies.dataSources.forEditor(uid) ?? {},
    message: 'Datasource added',
  });
}

function found({ url }: Call, dependencies: RouteDependencies): Reply {
  const all = [...dependencies.dashboards().values()];
  const tag = url.searchParams.get('tag');
  const wanted = all.filter(({ tags = [] }) => tag === null || tags.includes(tag));
  const list = wanted.map(({ uid, title, description, tags = [] }) => {
    return { uid, title, description, tags, type: 'dash-db', url: `/d/${uid}` };
  });
  return json(200, list);
}

function dashboard({ path }: Call, dependencies: RouteDependencies): Reply {
  const all = dependencies.dashboards();
  const uid = path[3] ?? '';
  const one = all.get(uid);
  if (one === undefined) {
    return refused(404, `There is no dashboard ${uid}; there are: ${[...all.keys()].join(', ')}`);
  }
  return json(200, { dashboard: one, meta: { canEdit: false, provisioned: true } });
}

async function api(call: Call, dependencies: RouteDependencies): Promise<Reply> {
  const { request, method, path } = call;
  const place = path.slice(1, 3).join('/');
  if (place === 'ds/query' && method === 'POST') {
    const contextOf = (uid: string) => dependencies.dataSources.context(uid, dependencies.user);
    const { status, body } = await dsQuery(await bodyOf(request), dependencies.host, contextOf);
    return json(status, body);
  }
  if (path.length === 2 && path[1] === 'datasources' && method === 'POST')
    return newDataSource(call, dependencies);
  if (place === 'datasources/uid') return dataSource(call, dependencies);
  if (place === 'dashboards/uid') return dashboard(call, dependencies);
  if (place === 'search') return found(call, dependencies);
  if (place === 'public/dashboards') return publicDashboard(call, dependencies);
  if (place === 'frontend/settings') return json(200, frontendSettings(dependencies));
  if (path[1] === 'plugins' && path[3] === 'settings') {
    const plugin = dependencies.plugins.find(({ meta }) => meta.id === path[2]);
    if (plugin !== undefined) return json(200, { ...plugin.meta, enabled: true, pinned: false });
  }
  // Grafana's own annotations, of which there are none.
  if (place === 'annotations') return json(200, []);
  return missing(call);
}

const MISSING_ICON = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16z"/></svg>',
);

/** The content of a file that the page asks for below /public. */
function publicFile({ path }: Call, dependencies: RouteDependencies): Buffer | undefined {
  const [, place = '', second, ...rest] = path;
  if (place === 'plugins') {
    const plugin = dependencies.plugins.find(({ meta }) => meta.id === second);
    return plugin === undefined ? undefined : fileBelow(plugin.folder, rest.join('/'));
  }
  if (place === 'fonts') return fontFile(dependencies.root, path.slice(2).join('/'));
  // Grafana 13 asks below build/.
  const image = path.slice(place === 'build' ? 2 : 1).join('/');
  // Some icons are in Grafana only, not in its packages: a circle is drawn for them.
  return fileBelow(dependencies.images, image) ?? (image.endsWith('.svg') ? MISSING_ICON : undefined);
}

const PAGES = ['', 'a', 'd', 'dashboards', 'connections', 'explore', 'panel-states'];

/** Answers one request. Rejects with what went wrong on this side. */
export async function answer(request: IncomingMessage, dependencies: RouteDependencies): Promise<Reply> {
  const why = refusal(request, dependencies.port());
  if (why !== undefined) return refused(403, why);
  const url = new URL(request.url ?? '/', `http://127.0.0.1:${dependencies.port()}`);
  const path = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const call: Call = { request, method: request.method ?? 'GET', url, path };
  const [first = ''] = path;
  if (first === 'api') return api(call, dependencies);
  if (PAGES.includes(first)) return page(dependencies);
  if (first === 'public-dashboards') return page(dependencies, { publicDashboardAccessToken: path[1] });
  const ofBundle = url.pathname.startsWith(dependencies.bundlePath);
  const content = ofBundle
    ? dependencies.bundle.get(url.pathname.slice(dependencies.bundlePath.length))
    : first === 'public'
      ? publicFile(call, dependencies)
      : undefined;
  return content === undefined ? missing(call) : file(path.at(-1) ?? '', content, ofBundle);
}
