import type { DataSourceSettings } from '@grafana/data';
import type { StreamKpiOptions, StreamKpiSecrets } from '../../options';

export type Settings = DataSourceSettings<StreamKpiOptions, StreamKpiSecrets>;

/** Props of every section of the settings page. */
export interface SettingsSectionProps {
  readonly settings: Settings;
  /** Provisioned, or not allowed to be changed by this user. */
  readonly readOnly: boolean;
  readonly onChange: (settings: Settings) => void;
  /** An id of its own for a field of the page. */
  readonly idOf: (field: string) => string;
}

/** The settings with one option set; undefined, and a switch that is off, take it out. */
export function withOption<Name extends keyof StreamKpiOptions>(
  settings: Settings,
  name: Name,
  value: StreamKpiOptions[Name] | undefined,
): Settings {
  const { [name]: _former, ...rest } = settings.jsonData;
  const jsonData = value === undefined || value === false ? rest : { ...rest, [name]: value };
  return { ...settings, jsonData: jsonData };
}

/** The settings with a secret as it has been typed so far. */
export const withSecret = (settings: Settings, name: keyof StreamKpiSecrets, value: string): Settings => ({
  ...settings,
  secureJsonData: { ...settings.secureJsonData, [name]: value },
});

/** The settings with a saved secret reset: saving clears it unless another one is typed. */
export const withoutSecret = (settings: Settings, name: keyof StreamKpiSecrets): Settings => ({
  ...settings,
  secureJsonFields: { ...settings.secureJsonFields, [name]: false },
  secureJsonData: { ...settings.secureJsonData, [name]: '' },
});
