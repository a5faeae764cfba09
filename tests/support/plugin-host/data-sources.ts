import {
  pluginContext,
  type DataSourceSettings,
  type GrafanaUser,
  type PluginContext,
} from './plugin-context';

/** The data sources that Grafana has saved, by organisation: what contexts are made from. */
export class DataSources {
  private readonly saved = new Map<string, DataSourceSettings>();
  private clock = Date.UTC(2026, 0, 5);

  /** Saves settings; `updatedMs` moves on with each save unless given. */
  save(orgId: number, settings: DataSourceSettings): void {
    this.clock += 1_000;
    this.saved.set(`${orgId}/${settings.uid}`, { updatedMs: this.clock, ...settings });
  }

  delete(orgId: number, uid: string): void {
    this.saved.delete(`${orgId}/${uid}`);
  }

  /** Null where there is no such data source in the organisation. */
  readonly contextOf = (orgId: number, uid: string, user: GrafanaUser | null): PluginContext | null => {
    const dataSource = this.saved.get(`${orgId}/${uid}`);
    return dataSource === undefined ? null : pluginContext({ dataSource, orgId, user });
  };
}
