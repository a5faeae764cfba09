import { randomBytes } from 'node:crypto';
import { reloadsItself, type BuiltPlugin } from './built-plugins';
import { ORG_ID, type DataSources } from './data-sources';
import { html, type Reply } from './replies';

export interface PageSettings {
  readonly grafanaVersion: string;
  readonly plugins: readonly BuiltPlugin[];
  readonly dataSources: DataSources;
  /** False: as where Grafana's Live is switched off. */
  readonly liveEnabled: boolean;
  /** Where the bundle's files are. */
  readonly bundlePath: string;
}

const ofType = (plugins: readonly BuiltPlugin[], type: string) =>
  plugins.map(({ meta }) => meta).filter((meta) => meta.type === type);

/** What @grafana/runtime takes as its config, as far as anything here reads it. */
export function frontendSettings({
  grafanaVersion,
  plugins,
  dataSources,
  liveEnabled,
}: PageSettings): object {
  const datasources = dataSources.forPages();
  return {
    datasources,
    defaultDatasource: Object.keys(datasources)[0] ?? '',
    panels: Object.fromEntries(ofType(plugins, 'panel').map((meta) => [meta.id, meta])),
    apps: Object.fromEntries(
      ofType(plugins, 'app').map(({ id, module, info }) => [
        id,
        { id, path: module, version: info.version, preload: true },
      ]),
    ),
    appPlugins: ofType(plugins, 'app'),
    appSubUrl: '',
    appUrl: '',
    buildInfo: { version: grafanaVersion, commit: '', env: 'development', edition: 'Open Source' },
    featureToggles: {},
    liveEnabled,
    namespace: 'default',
    theme2: undefined,
  };
}

/** Where `npm run dev` serves the pages that show its build; see scripts/plugin/live-reload.mjs. */
const LIVE_RELOAD = '127.0.0.1:35729';

/** As text of a script: nothing in it may end the script. */
const asScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** The one document that the page is. `more`: settings of this request. */
export function page(settings: PageSettings, more: Readonly<Record<string, unknown>> = {}): Reply {
  const nonce = randomBytes(16).toString('base64');
  const user = {
    id: 1,
    orgId: ORG_ID,
    orgName: 'Main Org.',
    orgRole: 'Admin',
    login: 'host-page',
    name: 'Host page',
    isSignedIn: true,
    isGrafanaAdmin: true,
    timezone: 'browser',
    weekStart: '',
    language: 'en-US',
    regionalFormat: 'en-US',
    permissions: { 'datasources:create': true },
  };
  const boot = { settings: { ...frontendSettings(settings), ...more }, user };
  const reloads = settings.plugins.some(reloadsItself);
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'${reloads ? ` http://${LIVE_RELOAD}` : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self'${reloads ? ` ws://${LIVE_RELOAD}` : ''}`,
  ].join('; ');
  const text = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>StreamKPI host page</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${settings.bundlePath}page.css" />
    <script nonce="${nonce}">
      window.grafanaBootData = window.streamkpiHost = ${asScript(boot)};
      window.__grafana_public_path__ = '/public/';
    </script>
    <script type="module" src="${settings.bundlePath}page.js"></script>
  </head>
  <body>
    <div id="host"></div>
  </body>
</html>
`;
  return html(text, policy);
}
