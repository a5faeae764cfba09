import type { VariableHide } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import {
  AdHocFiltersVariable,
  ConstantVariable,
  CustomVariable,
  DataSourceVariable,
  IntervalVariable,
  QueryVariable,
  TextBoxVariable,
  type SceneDataQuery,
  type SceneVariable,
} from '@grafana/scenes';
import type { VariableJson } from './dashboard-json';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

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
    ...(typeof json.allValue === 'string' && json.allValue !== '' ? { allValue: json.allValue } : {}),
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

/** A dashboard's variable as a scene's; undefined for kinds that are not here. */
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
    case 'custom':
      return new CustomVariable({ ...choice(json), query: text(json.query) });
    case 'datasource':
      return new DataSourceVariable({ ...choice(json), pluginId: text(json.query), regex: json.regex ?? '' });
    case 'interval':
      return new IntervalVariable({
        ...base(json),
        value: text(json.current?.value),
        intervals: text(json.query).split(','),
        autoEnabled: json.auto ?? false,
        autoStepCount: json.auto_count ?? 30,
        autoMinInterval: json.auto_min ?? '10s',
      });
    case 'textbox':
      return new TextBoxVariable({ ...base(json), value: text(json.current?.value ?? json.query) });
    case 'constant':
      return new ConstantVariable({ ...base(json), value: text(json.query) });
    case 'adhoc':
      return adHoc(json);
    default:
      return undefined;
  }
}
