import React, { useMemo } from 'react';
import type { SummaryStat } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const STATS: readonly Choice<SummaryStat>[] = [
  { value: 'last', label: 'Last', description: 'Value of the newest window' },
  { value: 'previous', label: 'Previous', description: 'Value of the window before' },
  { value: 'delta', label: 'Change', description: 'Last less previous' },
  { value: 'min', label: 'Minimum' },
  { value: 'max', label: 'Maximum' },
  { value: 'avg', label: 'Average', description: 'Per window' },
  { value: 'sum', label: 'Sum' },
  { value: 'count', label: 'Count', description: 'Windows with a value' },
];

/** The whole summary, or one number of it for each series. */
export function SummaryFields({
  query,
  onChange,
  forRule,
  idOf,
}: Pick<SectionProps, 'query' | 'onChange' | 'forRule' | 'idOf'>) {
  const byDefault = useMemo(
    () =>
      forRule
        ? { label: 'Default: last', description: 'A rule needs one number' }
        : { label: 'All, as a table', description: 'One row a series' },
    [forRule],
  );
  return (
    <ChoiceField<SummaryStat>
      id={idOf('stat')}
      label="Statistic"
      value={query.stat}
      choices={STATS}
      unset={byDefault}
      onChange={(stat) => onChange({ stat })}
    />
  );
}
