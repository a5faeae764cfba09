import type { AppPluginMeta, DataSourceInstanceSettings, PanelPluginMeta } from '@grafana/data';

/** What the server writes into the page before anything else; `settings` is what @grafana/runtime reads as config. */
export interface BootData {
  readonly settings: {
    readonly datasources: Readonly<Record<string, DataSourceInstanceSettings>>;
    readonly defaultDatasource: string;
    readonly panels: Readonly<Record<string, PanelPluginMeta>>;
    readonly appPlugins: readonly AppPluginMeta[];
    readonly liveEnabled: boolean;
  };
  readonly user: { readonly orgId: number; readonly orgRole: string; readonly timezone: string };
}

declare global {
  interface Window {
    readonly streamkpiHost: BootData;
    __grafanaSceneContext?: unknown;
  }
}

export const bootData = (): BootData => window.streamkpiHost;
