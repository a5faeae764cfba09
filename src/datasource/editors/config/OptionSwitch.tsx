import React from 'react';
import { Field, Switch } from '@grafana/ui';
import type { StreamKpiOptions } from '../../options';
import { withOption, type SettingsSectionProps } from './settings-changes';

interface OptionSwitchProps extends SettingsSectionProps {
  readonly name: 'tlsSkipVerify' | 'tlsAuth' | 'tlsAuthWithCACert';
  readonly label: string;
  readonly description: string;
}

/** An option that is on or off. */
export function OptionSwitch({
  settings,
  readOnly,
  onChange,
  idOf,
  name,
  label,
  description,
}: OptionSwitchProps) {
  const id = idOf(name);
  const value: StreamKpiOptions[typeof name] = settings.jsonData[name];
  return (
    <Field label={label} description={description} htmlFor={id} disabled={readOnly}>
      <Switch
        id={id}
        value={value === true}
        onChange={(event) => onChange(withOption(settings, name, event.currentTarget.checked))}
      />
    </Field>
  );
}
