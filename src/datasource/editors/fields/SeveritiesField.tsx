import React, { useMemo } from 'react';
import type { SelectableValue } from '@grafana/data';
import { EditorField } from '@grafana/plugin-ui';
import { MultiSelect } from '@grafana/ui';
import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import { useVariableNames } from './template-variables';

const severityOptions = (): { value: string; label: string }[] => [
  { value: 'info', label: t('events.severity.info', 'Info') },
  { value: 'warning', label: t('events.severity.warning', 'Warning') },
  { value: 'critical', label: t('events.severity.critical', 'Critical') },
];

interface SeveritiesFieldProps {
  readonly id: string;
  readonly severities: QueryChoice<'severities'> | undefined;
  readonly onChange: (severities: QueryChoice<'severities'> | undefined) => void;
}

/** Which severities count; none chosen means all. */
export function SeveritiesField({ id, severities, onChange }: SeveritiesFieldProps) {
  const variables = useVariableNames();
  const options = useMemo(
    () => [...severityOptions(), ...variables.map((name) => ({ value: name, label: name }))],
    [variables],
  );
  const selected = useMemo(
    () =>
      (severities ?? []).map(
        (name) => options.find(({ value }) => value === name) ?? { value: name, label: name },
      ),
    [severities, options],
  );
  return (
    <EditorField label={t('events.severities.label', 'Severities')} htmlFor={id}>
      <MultiSelect<string>
        inputId={id}
        aria-label={t('events.severities.label', 'Severities')}
        options={options}
        value={selected}
        placeholder={t('events.severities.all', 'All')}
        width={32}
        blurInputOnSelect={false}
        onChange={(chosen: SelectableValue<string>[]) => {
          // A template variable is one of the choices.
          const names = chosen.flatMap(({ value }) => value ?? []) as QueryChoice<'severities'>;
          onChange(names.length === 0 ? undefined : names);
        }}
      />
    </EditorField>
  );
}
