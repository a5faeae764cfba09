import React, { useMemo } from 'react';
import { InlineFieldRow } from '@grafana/ui';
import type { StatusAs, StatusOver } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const FORMS: readonly Choice<StatusAs>[] = [
  { value: 'ready', label: 'Ready', description: '1 while every hop works, otherwise 0' },
  { value: 'freshness', label: 'Freshness', description: 'Age of the newest data of each metric' },
  { value: 'lag', label: 'Lag', description: 'Records not read yet, of each topic' },
  {
    value: 'dead_letters',
    label: 'Dead letters',
    description: 'Records that could not be read, of each topic',
  },
  { value: 'records', label: 'Records', description: 'Records read, of each topic' },
  { value: 'clients', label: 'Clients', description: 'Connections, subscriptions and waiting bytes' },
];
const OVERS: readonly Choice<StatusOver>[] = [
  {
    value: 'range',
    label: 'Over the range',
    description: 'As the bridge has recorded it, every ten seconds',
  },
];
const NOW = { label: 'Now', description: 'The value at this moment' };

/** What of the bridge's own state is shown. */
export function StatusFields({
  query,
  onChange,
  forRule,
  idOf,
}: Pick<SectionProps, 'query' | 'onChange' | 'forRule' | 'idOf'>) {
  const byDefault = useMemo(
    () =>
      forRule
        ? { label: 'Default: ready', description: 'A rule needs a number' }
        : { label: 'Table', description: 'One row a hop, with what fails' },
    [forRule],
  );
  const form = query.statusAs === 'table' ? undefined : query.statusAs;
  return (
    <InlineFieldRow>
      <ChoiceField<StatusAs>
        id={idOf('status-as')}
        label="Show as"
        value={form}
        choices={FORMS}
        unset={byDefault}
        onChange={(statusAs) => onChange({ statusAs })}
      />
      {form !== undefined && form !== 'ready' && (
        <ChoiceField<StatusOver>
          id={idOf('status-over')}
          label="Time"
          value={query.statusOver === 'now' ? undefined : query.statusOver}
          choices={OVERS}
          unset={NOW}
          onChange={(statusOver) => onChange({ statusOver })}
        />
      )}
    </InlineFieldRow>
  );
}
