import type { DataSourceApi, DataSourceInstanceSettings, DataSourceRef, ScopedVars } from '@grafana/data';
import {
  getTemplateSrv,
  type DataSourceSrv,
  type GetDataSourceListFilters,
  type RuntimeDataSourceRegistration,
} from '@grafana/runtime';
import { syncDataSourceInstanceSettings } from 'grafana-runtime-inner/services/dataSource/settings';
import { bootData, type BootData } from './boot-data';
import { importDataSourcePlugin } from './plugin-importer';

type Reference = string | DataSourceRef | null;

/** The first value of a data source variable, however many are chosen. */
const first = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value);

type SourceSettings = Pick<BootData['settings'], 'datasources' | 'defaultDatasource'>;

/** Data sources as the server has provisioned them; each is made once, from the built plugin. */
export class HostDataSourceSrv implements DataSourceSrv {
  private readonly settings = new Map<string, DataSourceInstanceSettings>();
  private readonly instances = new Map<string, Promise<DataSourceApi>>();
  private readonly runtime = new Map<string, DataSourceApi>();

  constructor() {
    this.take(bootData().settings);
  }

  private take(given: SourceSettings): void {
    this.settings.clear();
    this.instances.clear();
    for (const one of Object.values(given.datasources)) this.settings.set(one.uid, one);
    syncDataSourceInstanceSettings(given);
  }

  private find(nameOrUid: string): DataSourceInstanceSettings | undefined {
    if (nameOrUid === 'default') return this.preferred();
    return this.settings.get(nameOrUid) ?? [...this.settings.values()].find(({ name }) => name === nameOrUid);
  }

  private preferred(): DataSourceInstanceSettings | undefined {
    const all = [...this.settings.values()];
    return all.find(({ isDefault }) => isDefault === true) ?? all[0];
  }

  getInstanceSettings(ref?: Reference, scopedVars?: ScopedVars): DataSourceInstanceSettings | undefined {
    const asked = typeof ref === 'string' ? ref : ref?.uid;
    if (asked === undefined) {
      const type = typeof ref === 'object' ? ref?.type : undefined;
      return type === undefined
        ? this.preferred()
        : [...this.settings.values()].find((one) => one.type === type);
    }
    if (!asked.startsWith('$')) return this.find(asked);
    const found = this.find(getTemplateSrv().replace(asked, scopedVars, first));
    if (found === undefined) return undefined;
    return {
      ...found,
      isDefault: false,
      name: asked,
      uid: asked,
      rawRef: { type: found.type, uid: found.uid },
    };
  }

  get(ref?: Reference, scopedVars?: ScopedVars): Promise<DataSourceApi> {
    const settings = this.getInstanceSettings(ref, scopedVars);
    const asked = typeof ref === 'string' ? ref : (ref?.uid ?? ref?.type ?? 'default');
    const runtime = this.runtime.get(asked);
    if (runtime !== undefined) return Promise.resolve(runtime);
    if (settings === undefined) return Promise.reject(new Error(`Data source ${asked} was not found`));
    const uid = settings.rawRef?.uid ?? settings.uid;
    const known = this.instances.get(uid);
    if (known !== undefined) return known;
    const making = this.make(this.settings.get(uid) ?? settings);
    this.instances.set(uid, making);
    making.catch(() => this.instances.delete(uid));
    return making;
  }

  private async make(settings: DataSourceInstanceSettings): Promise<DataSourceApi> {
    const plugin = await importDataSourcePlugin(settings.meta);
    const instance = new plugin.DataSourceClass(settings);
    instance.components = plugin.components;
    return instance;
  }

  getList(filters: GetDataSourceListFilters = {}): DataSourceInstanceSettings[] {
    const list = [...this.settings.values()].filter((one) => {
      if (filters.type !== undefined && ![filters.type].flat().includes(one.type)) return false;
      if (filters.pluginId !== undefined && filters.pluginId !== one.meta.id) return false;
      return filters.filter?.(one) ?? true;
    });
    return list.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Reloads the settings, as after a save; instances are then recreated. */
  async reload(): Promise<void> {
    const response = await fetch('/api/frontend/settings');
    const settings = (await response.json()) as SourceSettings;
    this.take(settings);
  }

  registerRuntimeDataSource({ dataSource }: RuntimeDataSourceRegistration): void {
    this.runtime.set(dataSource.uid, dataSource);
  }
}
