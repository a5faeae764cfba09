import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import { SecretField } from './SecretField';
import type { SettingsSectionProps } from './settings-changes';

/** The bridge's token, if the bridge requires one. */
export function AuthenticationSettings(props: SettingsSectionProps) {
  return (
    <ConfigSection title={t('settings.authentication.title', 'Authentication')}>
      <SecretField
        {...props}
        name="token"
        label={t('settings.token.label', 'Token')}
        description={t(
          'settings.token.description',
          "A bearer token with the scopes read and observe, from the bridge's tokens file. Leave it empty if the bridge has no tokens.",
        )}
        placeholder={t('settings.token.placeholder', 'Bearer token')}
      />
    </ConfigSection>
  );
}
