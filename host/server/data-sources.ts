import {
  pluginContext,
  type GrafanaUser,
  type PluginContext,
} from '../../tests/support/plugin-host/plugin-context';
import type { BuiltPlugin } from './built-plugins';
import type { ProvisionedDataSource } from './provisioning';

/** What a page sends to save a data source; secrets that it does not send stay as they are. */
export interface DataSourceChange {
  readonly name?: string;
  readonly url?: string;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
  /** False for a secret that was taken away. */
  readonly secureJsonFields?: Readonly<Record<string, boolean>>;
}

/** What a page sends to create one. */
export interface NewDataSource {
  readonly uid?: string;
  readonly name: string;
  readonly type: string;
}

interface Saved extends ProvisionedDataSource {
  readonly secureJsonData: Readonly<Record<string, string>>;
  readonly updatedMs: number;
}

export const ORG_ID = 1;

/** Data sources as they are saved now: from the provisioning files at first, then as the page changes them. */
export class DataSources {
  private readonly saved = new Map<string, Saved>();

  constructor(
    provisioned: readonly ProvisionedDataSource[],
    private readonly plugins: readonly BuiltPlugin[],
    private readonly grafanaVersion: string,
  ) {
    for (const source of provisioned) {
      const secrets = Object.entries(source.secureJsonData ?? {}).filter(([, value]) => value !== '');
      this.saved.set(source.uid, {
        ...source,
        secureJsonData: Object.fromEntries(secrets),
        updatedMs: Date.now(),
      });
    }
  }

  /** Plugin context of every backend call; null for an unknown data source. */
  context(uid: string, user: GrafanaUser | null): PluginContext | null {
    const source = this.saved.get(uid);
    if (source === undefined) return null;
    return pluginContext({
      orgId: ORG_ID,
      user,
      grafanaVersion: this.grafanaVersion,
      dataSource: {
        uid,
        name: source.name,
        url: source.url ?? '',
        jsonData: source.jsonData ?? {},
        secureJsonData: source.secureJsonData,
        updatedMs: source.updatedMs,
      },
    });
  }

  /** As pages get them in their settings, by name. Those without a built plugin are left out, as in Grafana. */
  forPages(): Readonly<Record<string, object>> {
    const entries = [...this.saved.values()].flatMap((source, index) => {
      const plugin = this.plugins.find(({ meta }) => meta.id === source.type);
      if (plugin === undefined) return [];
      const { uid, name, type, url = '', jsonData = {} } = source;
      const settings = {
        id: index + 1,
        uid,
        name,
        type,
        url: `/api/datasources/proxy/uid/${uid}`,
        access: 'proxy',
        isDefault: source.isDefault ?? index === 0,
        jsonData,
        readOnly: false,
        meta: plugin.meta,
        directUrl: url,
      };
      return [[name, settings] as const];
    });
    return Object.fromEntries(entries);
  }

  /** As the page that edits it gets it: which secrets are set, never what they are. */
  forEditor(uid: string): object | undefined {
    const source = this.saved.get(uid);
    if (source === undefined) return undefined;
    const { name, type, url = '', jsonData = {}, secureJsonData, updatedMs, isDefault = false } = source;
    return {
      id: [...this.saved.keys()].indexOf(uid) + 1,
      uid,
      orgId: ORG_ID,
      name,
      type,
      typeLogoUrl: '',
      access: 'proxy',
      url,
      user: '',
      database: '',
      basicAuth: false,
      basicAuthUser: '',
      withCredentials: false,
      isDefault,
      jsonData,
      secureJsonFields: Object.fromEntries(Object.keys(secureJsonData).map((key) => [key, true])),
      readOnly: false,
      version: updatedMs,
    };
  }

  /** Adds one without settings. False when its name or uid is taken. */
  add({ uid, name, type }: Required<NewDataSource>): boolean {
    if ([...this.saved.values()].some((other) => other.uid === uid || other.name === name)) return false;
    this.saved.set(uid, { uid, name, type, secureJsonData: {}, updatedMs: Date.now() });
    return true;
  }

  /** Saves what a page sends. False when there is no such data source. */
  change(uid: string, change: DataSourceChange): boolean {
    const before = this.saved.get(uid);
    if (before === undefined) return false;
    const kept = Object.entries(before.secureJsonData).filter(
      ([key]) => change.secureJsonFields?.[key] !== false,
    );
    const given = Object.entries(change.secureJsonData ?? {}).filter(([, value]) => value !== '');
    this.saved.set(uid, {
      ...before,
      name: change.name ?? before.name,
      url: change.url ?? before.url ?? '',
      jsonData: change.jsonData ?? before.jsonData ?? {},
      secureJsonData: Object.fromEntries([...kept, ...given]),
      updatedMs: Math.max(Date.now(), before.updatedMs + 1),
    });
    return true;
  }
}
