import React, { useId } from 'react';
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { config } from '@grafana/runtime';
import { FieldSet } from '@grafana/ui';
import type { StreamKpiOptions, StreamKpiSecrets } from '../options';
import { ConnectionSettings } from './config/ConnectionSettings';
import { OptionSwitch } from './config/OptionSwitch';
import type { SettingsSectionProps } from './config/settings-changes';
import { TlsSettings } from './config/TlsSettings';

type Props = DataSourcePluginOptionsEditorProps<StreamKpiOptions, StreamKpiSecrets>;

/** The settings page of the data source; Grafana adds the name above and "Save & test" below. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const idPrefix = useId();
  const section: SettingsSectionProps = {
    settings: options,
    readOnly: options.readOnly,
    onChange: onOptionsChange,
    idOf: (field) => `${idPrefix}-${field}`,
  };
  return (
    <>
      <ConnectionSettings {...section} />
      <TlsSettings {...section} />
      {config.secureSocksDSProxyEnabled && (
        <FieldSet label="Network">
          <OptionSwitch
            {...section}
            name="enableSecureSocksProxy"
            label="Secure SOCKS proxy"
            description="Connects to the bridge through the proxy that the administrators of this Grafana have set up."
          />
        </FieldSet>
      )}
    </>
  );
}
