import React from 'react';
import { InlineField, InlineSwitch } from '@grafana/ui';
import { LABEL_WIDTH } from '../fields/field-layout';
import { holdsVariable } from '../fields/template-variables';
import { TextField } from '../fields/TextField';
import { isDuration } from './durations';
import type { SectionProps } from './section';

type FieldProps = Pick<SectionProps, 'query' | 'onChange' | 'idOf'>;

export function TimeShiftField({ query, onChange, idOf }: FieldProps) {
  return (
    <TextField
      id={idOf('time-shift')}
      label="Time shift"
      tooltip="Shows what was so long before, e.g. 1d for yesterday. Shifted data is refreshed, not streamed."
      placeholder="None, or e.g. 1h"
      width={16}
      value={query.timeShift ?? ''}
      faultOf={(text) =>
        text === '' || text === '0' || holdsVariable(text) || isDuration(text)
          ? undefined
          : `"${text}" is not a valid duration. Write one such as 30m, 1h or 7d.`
      }
      onCommit={(text) => onChange({ timeShift: text === '' ? undefined : text })}
    />
  );
}

export function AliasField({ query, onChange, idOf, metric }: FieldProps & Pick<SectionProps, 'metric'>) {
  const dimensions = metric?.dimensions.map(({ name }) => name) ?? ['dimension'];
  const placeholders = [...dimensions, 'metric', 'measure', 'stat'].map((name) => `{{${name}}}`);
  return (
    <TextField
      id={idOf('alias')}
      label="Alias"
      tooltip={`Name of each series. Filled in: ${placeholders.join(', ')}.`}
      placeholder={`Auto, or e.g. ${placeholders[0] ?? ''}`}
      value={query.alias ?? ''}
      onCommit={(text) => onChange({ alias: text === '' ? undefined : text })}
    />
  );
}

export function LiveField({ query, onChange, idOf }: FieldProps) {
  const id = idOf('live');
  return (
    <InlineField
      label="Live"
      labelWidth={LABEL_WIDTH}
      htmlFor={id}
      tooltip="New values and corrections appear by themselves while the range reaches up to now."
    >
      <InlineSwitch
        id={id}
        value={query.live !== false}
        onChange={(event) => onChange({ live: event.currentTarget.checked ? undefined : false })}
      />
    </InlineField>
  );
}
