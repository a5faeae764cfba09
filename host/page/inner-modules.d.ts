/** Files of @grafana/runtime that host/server/page-bundle.ts finds by their place in the package. */
declare module 'grafana-runtime-inner/components/PanelRenderer' {
  import type { PanelRendererProps } from '@grafana/runtime';
  import type { ComponentType } from 'react';
  export function setPanelRenderer(renderer: ComponentType<PanelRendererProps>): void;
}
declare module 'grafana-runtime-inner/components/PanelDataErrorView' {
  import type { PanelDataErrorViewProps } from '@grafana/runtime';
  import type { ComponentType } from 'react';
  export function setPanelDataErrorView(renderer: ComponentType<PanelDataErrorViewProps>): void;
}
declare module 'grafana-runtime-inner/components/PluginPage' {
  import type { PluginPageType } from '@grafana/runtime';
  export function setPluginPage(component: PluginPageType): void;
}
declare module 'grafana-runtime-inner/services/dataSource/settings' {
  import type { DataSourceInstanceSettings } from '@grafana/data';
  export function syncDataSourceInstanceSettings(settings: {
    readonly datasources: Readonly<Record<string, DataSourceInstanceSettings>>;
    readonly defaultDatasource: string;
  }): void;
}
declare module 'systemjs/dist/system.js';
declare module 'systemjs/dist/extras/amd.js';
declare module 'systemjs/dist/extras/named-register.js';
declare module '*.css';
