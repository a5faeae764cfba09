import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** `$NAME`, `${NAME}` and `$__env{NAME}`, as Grafana fills them in when it reads provisioning files; unset is empty. */
export const expanded = (text: string, environment: EnvironmentVariables): string =>
  text.replace(
    /\$__env\{(\w+)\}|\$\{(\w+)\}|\$(\w+)/g,
    (_, call?: string, braced?: string, plain?: string) => environment[call ?? braced ?? plain ?? ''] ?? '',
  );

function expandedDeep(value: unknown, environment: EnvironmentVariables): unknown {
  if (typeof value === 'string') return expanded(value, environment);
  if (Array.isArray(value)) return value.map((one) => expandedDeep(one, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, expandedDeep(one, environment)]),
  );
}

/** A data source as a provisioning file has it. */
export interface ProvisionedDataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url?: string;
  readonly isDefault?: boolean;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

/** The data sources of every file of `folder`. Throws for one without name, uid or type. */
export function provisionedDataSources(
  folder: string,
  environment: EnvironmentVariables,
): ProvisionedDataSource[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .flatMap((name) => {
      const file = join(folder, name);
      const read = parse(readFileSync(file, 'utf8')) as { readonly datasources?: readonly unknown[] };
      return (read.datasources ?? []).map((one) => {
        const source = expandedDeep(one, environment) as Partial<ProvisionedDataSource>;
        const { name, uid, type } = source;
        if (name === undefined || uid === undefined || type === undefined) {
          throw new Error(`${file}: a data source needs name, uid and type`);
        }
        return { ...source, name, uid, type };
      });
    });
}

/** A dashboard's JSON; what the page reads of it is host/page/dashboard/dashboard-json.ts. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

/** The dashboards of the folders' JSON files by uid; a file of an earlier folder wins. */
export function dashboardsIn(folders: readonly string[]): ReadonlyMap<string, Dashboard> {
  const found = new Map<string, Dashboard>();
  for (const folder of folders) {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
    for (const name of names.sort()) {
      const dashboard = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard;
      if (!found.has(dashboard.uid)) found.set(dashboard.uid, dashboard);
    }
  }
  return found;
}
