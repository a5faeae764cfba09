import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Field, Input } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { FIELD_WIDTH } from './field-width';
import { OptionSwitch } from './OptionSwitch';
import { SecretField } from './SecretField';
import { withOption, type SettingsSectionProps } from './settings-changes';

const PEM_CERTIFICATE = '-----BEGIN CERTIFICATE-----';
const PEM_KEY = '-----BEGIN PRIVATE KEY-----';
const EXAMPLE_HOST = 'bridge.example.com';

/** How the bridge's certificate is checked, and which one is shown to it. */
export function TlsSettings(props: SettingsSectionProps) {
  const { settings, readOnly, onChange, idOf } = props;
  const { tlsAuth = false, tlsAuthWithCACert = false, serverName } = settings.jsonData;
  return (
    <ConfigSection title={t('settings.tls.title', 'TLS settings')}>
      <OptionSwitch
        {...props}
        name="tlsAuthWithCACert"
        label={t('settings.tls.ca.label', 'Add self-signed certificate')}
        description={t(
          'settings.tls.ca.description',
          'For a bridge whose certificate is self-signed or was issued by a private certificate authority.',
        )}
      />
      {tlsAuthWithCACert && (
        <SecretField
          {...props}
          name="tlsCACert"
          label={t('settings.tls.ca-cert.label', 'CA certificate')}
          description={t('settings.tls.pem', 'In PEM format, including the BEGIN and END lines.')}
          placeholder={PEM_CERTIFICATE}
          long
        />
      )}
      <OptionSwitch
        {...props}
        name="tlsAuth"
        label={t('settings.tls.client.label', 'TLS client authentication')}
        description={t(
          'settings.tls.client.description',
          'For a bridge behind a proxy that asks its clients for a certificate.',
        )}
      />
      {tlsAuth && (
        <>
          <SecretField
            {...props}
            name="tlsClientCert"
            label={t('settings.tls.client-cert.label', 'Client certificate')}
            description={t('settings.tls.pem', 'In PEM format, including the BEGIN and END lines.')}
            placeholder={PEM_CERTIFICATE}
            long
          />
          <SecretField
            {...props}
            name="tlsClientKey"
            label={t('settings.tls.client-key.label', 'Client key')}
            description={t(
              'settings.tls.client-key.description',
              'The private key of that certificate, in PEM format, without a passphrase.',
            )}
            placeholder={PEM_KEY}
            long
          />
        </>
      )}
      {(tlsAuth || tlsAuthWithCACert) && (
        <Field
          label={t('settings.tls.server-name.label', 'Server name')}
          description={t(
            'settings.tls.server-name.description',
            "Name in the bridge's certificate, if it differs from the host in the URL.",
          )}
          htmlFor={idOf('server-name')}
          disabled={readOnly}
        >
          <Input
            id={idOf('server-name')}
            {...FIELD_WIDTH}
            placeholder={EXAMPLE_HOST}
            value={serverName ?? ''}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => {
              const name = event.currentTarget.value;
              onChange(withOption(settings, 'serverName', name === '' ? undefined : name));
            }}
          />
        </Field>
      )}
      <OptionSwitch
        {...props}
        name="tlsSkipVerify"
        label={t('settings.tls.skip.label', 'Skip TLS verify')}
        description={t(
          'settings.tls.skip.description',
          'Anybody between Grafana and the bridge can then read the token. For tests only.',
        )}
      />
    </ConfigSection>
  );
}
