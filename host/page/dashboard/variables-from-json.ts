import type { VariableHide } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import {
  AdHocFiltersVariable,
  DataSourceVariable,
  QueryVariable,
  type SceneDataQuery,
  type SceneVariable,
} from '@grafana/scenes';
import type { VariableJson } from './dashboard-json';

function base(json: VariableJson) {
  return {
    name: json.name,
    skipUrlSync: json.skipUrlSync ?? false,
    ...(typeof json.label === 'string' ? { label: json.label } : {}),
    ...(typeof json.description === 'string' ? { description: json.description } : {}),
    ...(json.hide === undefined ? {} : { hide: json.hide as VariableHide }),
  };
}

function choice(json: VariableJson) {
  return {
    ...base(json),
    value: json.current?.value ?? '',
    text: json.current?.text ?? '',
    isMulti: json.multi ?? false,
    includeAll: json.includeAll ?? false,
    allowCustomValue: json.allowCustomValue ?? true,
    defaultToAll: json.includeAll ?? false,
  };
}

function adHoc(json: VariableJson): AdHocFiltersVariable {
  const source = json.datasource ?? null;
  const meta = getDataSourceSrv().getInstanceSettings(source)?.meta as
    { multiValueFilterOperators?: boolean } | undefined;
  return new AdHocFiltersVariable({
    ...base(json),
    datasource: source,
    applyMode: 'auto',
    layout: 'combobox',
    filters: [...(json.filters ?? [])],
    // A data source that is chosen by a variable is known only later; the app has one kind, which takes several.
    supportsMultiValueOperators: meta?.multiValueFilterOperators ?? (source?.uid ?? '').startsWith('$'),
  });
}

/** A dashboard's variable as a scene's; undefined for kinds that no bundled dashboard has. */
export function variableFrom(json: VariableJson): SceneVariable | undefined {
  switch (json.type) {
    case 'query':
      return new QueryVariable({
        ...choice(json),
        query: (json.query ?? '') as string | SceneDataQuery,
        datasource: json.datasource ?? null,
        regex: json.regex ?? '',
        ...(json.refresh === undefined ? {} : { refresh: json.refresh }),
        ...(json.sort === undefined ? {} : { sort: json.sort }),
      });
    case 'datasource':
      return new DataSourceVariable({
        ...choice(json),
        pluginId: json.query as string,
        regex: json.regex ?? '',
      });
    case 'adhoc':
      return adHoc(json);
    default:
      return undefined;
  }
}
