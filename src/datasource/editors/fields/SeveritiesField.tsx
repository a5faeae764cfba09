import React, { useMemo } from 'react';
import type { SelectableValue } from '@grafana/data';
import { InlineField, MultiSelect } from '@grafana/ui';
import type { Severity } from '../../query';
import { LABEL_WIDTH } from './field-layout';
import { useVariableNames } from './template-variables';

const LABELS: Readonly<Record<Severity, string>> = { info: 'Info', warning: 'Warning', critical: 'Critical' };
const SEVERITY_OPTIONS = Object.entries(LABELS).map(([value, label]) => ({ value, label }));
const labelOf = (name: string): string => SEVERITY_OPTIONS.find(({ value }) => value === name)?.label ?? name;

interface SeveritiesFieldProps {
  readonly id: string;
  readonly severities: readonly Severity[] | undefined;
  readonly onChange: (severities: readonly Severity[] | undefined) => void;
}

/** Which severities count; none chosen means all. */
export function SeveritiesField({ id, severities, onChange }: SeveritiesFieldProps) {
  const variables = useVariableNames();
  const options = useMemo(
    () => [...SEVERITY_OPTIONS, ...variables.map((name) => ({ value: name, label: name }))],
    [variables],
  );
  const selected = useMemo(
    () => (severities ?? []).map((value) => ({ value, label: labelOf(value) })),
    [severities],
  );
  return (
    <InlineField label="Severities" labelWidth={LABEL_WIDTH} htmlFor={id} shrink>
      <MultiSelect<string>
        inputId={id}
        aria-label="Severities"
        options={options}
        value={selected}
        placeholder="All"
        width={32}
        blurInputOnSelect={false}
        onChange={(chosen: SelectableValue<string>[]) => {
          // A template variable stands for one of them.
          const names = chosen.flatMap(({ value }) => value ?? []) as Severity[];
          onChange(names.length === 0 ? undefined : names);
        }}
      />
    </InlineField>
  );
}
