/** Who asks, and for which data source: what Grafana puts in front of every call of a plugin. */

export interface GrafanaUser {
  readonly login: string;
  readonly name: string;
  readonly email: string;
  readonly role: 'Viewer' | 'Editor' | 'Admin';
}

export interface DataSourceSettings {
  readonly uid: string;
  /** The bridge's address. */
  readonly url: string;
  readonly name?: string;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
  /** When the settings were saved last; Grafana makes a new instance when it changes. */
  readonly updatedMs?: number;
}

export interface ContextOptions {
  readonly dataSource: DataSourceSettings;
  readonly orgId?: number;
  /** Null: nobody is logged in, as in alert rules and public dashboards. */
  readonly user?: GrafanaUser | null;
  readonly grafanaVersion?: string;
}

export const VIEWER: GrafanaUser = {
  login: 'viewer',
  name: 'Vera Viewer',
  email: 'viewer@example.org',
  role: 'Viewer',
};

const PLUGIN_ID = 'streamkpi-realtime-datasource';

/** As the wire has it; field names are those of backend.proto. */
export interface PluginContext {
  readonly orgId: number;
  readonly pluginId: string;
  readonly pluginVersion: string;
  readonly userAgent: string;
  readonly namespace: string;
  readonly user?: GrafanaUser;
  readonly grafanaConfig: Readonly<Record<string, string>>;
  readonly dataSourceInstanceSettings: {
    readonly id: number;
    readonly uid: string;
    readonly name: string;
    readonly url: string;
    readonly jsonData: Buffer;
    readonly decryptedSecureJsonData: Readonly<Record<string, string>>;
    readonly lastUpdatedMS: number;
  };
}

/** Some moment that settings were saved at, for tests that never change them. */
const SAVED_MS = Date.UTC(2026, 0, 5);

export function pluginContext(options: ContextOptions): PluginContext {
  const { dataSource, orgId = 1, user = VIEWER, grafanaVersion = '13.2.3' } = options;
  return {
    orgId,
    pluginId: PLUGIN_ID,
    pluginVersion: '0.1.0',
    userAgent: `Grafana/${grafanaVersion}`,
    namespace: orgId === 1 ? 'default' : `org-${orgId}`,
    ...(user === null ? {} : { user }),
    grafanaConfig: { GF_APP_URL: 'http://grafana.example.org/' },
    dataSourceInstanceSettings: {
      id: numberOf(dataSource.uid),
      uid: dataSource.uid,
      name: dataSource.name ?? dataSource.uid,
      url: dataSource.url,
      jsonData: Buffer.from(JSON.stringify(dataSource.jsonData ?? {})),
      decryptedSecureJsonData: dataSource.secureJsonData ?? {},
      lastUpdatedMS: dataSource.updatedMs ?? SAVED_MS,
    },
  };
}

/** Grafana's numeric id of a data source: the same for the same uid, and never 0. */
function numberOf(uid: string): number {
  let hash = 7;
  for (const char of uid) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
  return hash + 1;
}
