import React from 'react';
import { Field, FieldSet, Input } from '@grafana/ui';
import { OptionSwitch } from './OptionSwitch';
import { SecretField } from './SecretField';
import { withOption, type SettingsSectionProps } from './settings-changes';

/** How the bridge's certificate is checked, and which one is shown to it. */
export function TlsSettings(props: SettingsSectionProps) {
  const { settings, readOnly, onChange, idOf } = props;
  const { tlsAuth = false, tlsAuthWithCACert = false, serverName } = settings.jsonData;
  return (
    <FieldSet label="TLS">
      <OptionSwitch
        {...props}
        name="tlsAuthWithCACert"
        label="Own certificate authority"
        description="For a bridge whose certificate was not issued by a public authority."
      />
      {tlsAuthWithCACert && (
        <SecretField
          {...props}
          name="tlsCACert"
          label="Authority's certificate"
          description="In PEM form, complete with its BEGIN and END lines."
          placeholder="-----BEGIN CERTIFICATE-----"
          long
        />
      )}
      <OptionSwitch
        {...props}
        name="tlsAuth"
        label="Show a client certificate"
        description="For a bridge behind a proxy that asks its clients for a certificate."
      />
      {tlsAuth && (
        <>
          <SecretField
            {...props}
            name="tlsClientCert"
            label="Client's certificate"
            description="In PEM form, complete with its BEGIN and END lines."
            placeholder="-----BEGIN CERTIFICATE-----"
            long
          />
          <SecretField
            {...props}
            name="tlsClientKey"
            label="Client's key"
            description="The private key of that certificate, in PEM form, without a passphrase."
            placeholder="-----BEGIN PRIVATE KEY-----"
            long
          />
        </>
      )}
      {(tlsAuth || tlsAuthWithCACert) && (
        <Field
          label="Server name"
          description="Name in the bridge's certificate, where it differs from the host in the URL."
          htmlFor={idOf('server-name')}
          disabled={readOnly}
        >
          <Input
            id={idOf('server-name')}
            width={60}
            placeholder="bridge.example.com"
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
        label="Skip certificate check"
        description="Anybody between Grafana and the bridge can then read the token. For tests only."
      />
    </FieldSet>
  );
}
