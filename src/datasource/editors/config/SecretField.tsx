import React from 'react';
import { Field, Input, SecretInput, SecretTextArea } from '@grafana/ui';
import { t } from '../../../locales/translate';
import type { StreamKpiSecrets } from '../../options';
import { FIELD_WIDTH } from './field-width';
import { withoutSecret, withSecret, type SettingsSectionProps } from './settings-changes';

interface SecretFieldProps extends SettingsSectionProps {
  readonly name: keyof StreamKpiSecrets;
  readonly label: string;
  readonly description: string;
  readonly placeholder: string;
  /** PEM text of several lines. */
  readonly long?: boolean;
}

/** A secret: once saved it is never shown again, only replaced. */
export function SecretField(props: SecretFieldProps) {
  const { settings, readOnly, onChange, idOf, name, label, description, placeholder, long = false } = props;
  const id = idOf(name);
  const isSaved = settings.secureJsonFields[name] === true;
  const secret = {
    id,
    isConfigured: isSaved,
    placeholder,
    value: settings.secureJsonData?.[name] ?? '',
    onReset: () => onChange(withoutSecret(settings, name)),
  };
  const take = (value: string): void => onChange(withSecret(settings, name, value));
  return (
    // The buttons that reset the secrets are all named alike: the group says whose it is.
    <div role="group" aria-label={label}>
      <Field label={label} description={description} htmlFor={id}>
        {readOnly ? (
          <Input
            id={id}
            {...FIELD_WIDTH}
            disabled
            value={
              isSaved
                ? t('settings.secret.configured', 'configured')
                : t('settings.secret.not-set', 'not set')
            }
          />
        ) : long ? (
          <SecretTextArea
            {...secret}
            cols={FIELD_WIDTH.width}
            rows={5}
            onChange={(event) => take(event.currentTarget.value)}
          />
        ) : (
          <SecretInput
            {...secret}
            {...FIELD_WIDTH}
            autoComplete="new-password"
            onChange={(event) => take(event.currentTarget.value)}
          />
        )}
      </Field>
    </div>
  );
}
