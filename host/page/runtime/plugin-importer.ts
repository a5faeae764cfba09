import {
  AppPlugin,
  type DataSourceApi,
  type DataSourcePlugin,
  type PanelPlugin,
  type PanelPluginMeta,
  type PluginMeta,
} from '@grafana/data';
import { bootData } from './boot-data';
import { missingPanel, standIns } from '../stand-ins/stand-ins';
import { importModule } from './system-js';

type AnyDataSourcePlugin = DataSourcePlugin<DataSourceApi>;

const modules = new Map<string, Promise<Record<string, unknown>>>();

const moduleOf = (meta: PluginMeta): Promise<Record<string, unknown>> => {
  const known = modules.get(meta.id);
  if (known !== undefined) return known;
  const loading = importModule(`/${meta.module}?_cache=${meta.info.version}`);
  modules.set(meta.id, loading);
  return loading;
};

async function exportedPlugin(meta: PluginMeta): Promise<unknown> {
  const { plugin } = await moduleOf(meta);
  if (plugin === undefined) throw new Error(`${meta.module} exports no plugin`);
  return plugin;
}

export async function importDataSourcePlugin(
  meta: AnyDataSourcePlugin['meta'],
): Promise<AnyDataSourcePlugin> {
  const plugin = (await exportedPlugin(meta)) as AnyDataSourcePlugin;
  plugin.meta = meta;
  return plugin;
}

const apps = new Map<string, AppPlugin>();

/** An app that was loaded, by its id. */
export const loadedApp = (id: string): AppPlugin | undefined => apps.get(id);

/** Grafana loads every app at its start, before any page. */
export async function importApps(): Promise<void> {
  for (const meta of bootData().settings.appPlugins) {
    const plugin = await exportedPlugin(meta);
    if (!(plugin instanceof AppPlugin)) throw new Error(`${meta.id} is not an app`);
    plugin.meta = meta;
    plugin.init(meta);
    apps.set(meta.id, plugin as AppPlugin);
  }
}

const panels = new Map<string, PanelPlugin>();

async function loadPanel(meta: PanelPluginMeta): Promise<PanelPlugin> {
  try {
    const plugin = (await exportedPlugin(meta)) as PanelPlugin;
    plugin.meta = meta;
    return plugin;
  } catch (reason) {
    console.error(`Error loading panel plugin ${meta.id}`, reason);
    return missingPanel(meta.id, reason instanceof Error ? reason.message : String(reason));
  }
}

/** The plugin of a panel type: this app's own as built, a stand-in for those of Grafana itself. */
export async function importPanelPlugin(id: string): Promise<PanelPlugin> {
  const known = panels.get(id);
  if (known !== undefined) return known;
  const meta = bootData().settings.panels[id];
  const plugin =
    meta === undefined
      ? (standIns()[id] ??
        missingPanel(id, 'this panel type belongs to Grafana itself, and no stand-in is here'))
      : await loadPanel(meta);
  panels.set(id, plugin);
  return plugin;
}

export const loadedPanelPlugin = (id: string): PanelPlugin | undefined => panels.get(id);
