import React, { useId } from 'react';
import { css } from '@emotion/css';
import type { DataSourcePluginOptionsEditorProps, GrafanaTheme2 } from '@grafana/data';
import { config } from '@grafana/runtime';
import { SecureSocksProxySettings, useStyles2 } from '@grafana/ui';
import type { StreamKpiOptions, StreamKpiSecrets } from '../options';
import { AuthenticationSettings } from './config/AuthenticationSettings';
import { ConnectionSettings } from './config/ConnectionSettings';
import type { SettingsSectionProps } from './config/settings-changes';
import { TlsSettings } from './config/TlsSettings';

type Props = DataSourcePluginOptionsEditorProps<StreamKpiOptions, StreamKpiSecrets>;

/** The settings page of the data source; Grafana adds the name above and "Save & test" below. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const styles = useStyles2(getStyles);
  const idPrefix = useId();
  const section: SettingsSectionProps = {
    settings: options,
    readOnly: options.readOnly,
    onChange: onOptionsChange,
    idOf: (field) => `${idPrefix}-${field}`,
  };
  return (
    <div className={styles.sections}>
      <ConnectionSettings {...section} />
      <AuthenticationSettings {...section} />
      <TlsSettings {...section} />
      {config.secureSocksDSProxyEnabled && (
        <SecureSocksProxySettings options={options} onOptionsChange={onOptionsChange} />
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  sections: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(4), maxWidth: 578 }),
});
