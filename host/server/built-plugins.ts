import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** plugin.json, and where Grafana serves the plugin from. */
export interface PluginMeta {
  readonly id: string;
  readonly name: string;
  readonly type: 'app' | 'datasource' | 'panel';
  readonly module: string;
  readonly baseUrl: string;
  readonly info: { readonly version: string; readonly logos?: Readonly<Record<string, string>> };
}

export interface BuiltPlugin {
  readonly meta: PluginMeta;
  readonly folder: string;
}

interface Manifest {
  readonly id: string;
  readonly name: string;
  readonly type: PluginMeta['type'];
  readonly info: PluginMeta['info'];
  /** What `npm run dev` builds is for development. */
  readonly buildMode?: 'production' | 'development';
  readonly includes?: readonly { readonly type: string; readonly path?: string }[];
}

function builtPlugin(folder: string): BuiltPlugin {
  const manifest = JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8')) as Manifest;
  // A nested plugin has a place of its own too.
  const place = `public/plugins/${manifest.id}`;
  const logos = Object.entries(manifest.info.logos ?? {}).map(([size, file]) => [size, `${place}/${file}`]);
  return {
    folder,
    meta: {
      ...manifest,
      info: { ...manifest.info, logos: Object.fromEntries(logos) as Record<string, string> },
      module: `${place}/module.js`,
      baseUrl: place,
    },
  };
}

/** The app in `dist` and the plugins that it includes, as Grafana finds them. Throws when the app is not built. */
export function builtPlugins(dist: string): BuiltPlugin[] {
  const file = join(dist, 'plugin.json');
  if (!existsSync(file))
    throw new Error(`The app is not built: ${file} is missing. Run "npm run build" first.`);
  const { includes = [] } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const nested = includes
    .filter(({ type, path }) => (type === 'datasource' || type === 'panel') && path !== undefined)
    .map(({ path = '' }) => join(dist, dirname(path)))
    .filter((folder) => existsSync(join(folder, 'plugin.json')));
  return [dist, ...nested].map(builtPlugin);
}

/** Whether what lies in the plugin's folder now reloads itself in the page: `npm run dev` may begin at any time. */
export const reloadsItself = ({ folder }: BuiltPlugin): boolean =>
  (JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8')) as Manifest).buildMode === 'development';
