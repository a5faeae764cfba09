import React, { useMemo } from 'react';
import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const stats = (): readonly Choice<QueryChoice<'stat'>>[] => [
  {
    value: 'last',
    label: t('statistic.last', 'Last'),
    description: t('statistic.last-hint', 'Value of the newest window'),
  },
  {
    value: 'previous',
    label: t('statistic.previous', 'Previous'),
    description: t('statistic.previous-hint', 'Value of the window before'),
  },
  {
    value: 'delta',
    label: t('statistic.delta', 'Change'),
    description: t('statistic.delta-hint', 'Last minus previous'),
  },
  { value: 'min', label: t('statistic.min', 'Minimum') },
  { value: 'max', label: t('statistic.max', 'Maximum') },
  {
    value: 'avg',
    label: t('statistic.avg', 'Average'),
    description: t('statistic.avg-hint', 'Per window'),
  },
  { value: 'sum', label: t('statistic.sum', 'Sum') },
  {
    value: 'count',
    label: t('statistic.count', 'Count'),
    description: t('statistic.count-hint', 'Windows with a value'),
  },
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
        ? {
            label: t('summary.default-last', 'Default: last'),
            description: t('summary.rule-needs-one', 'A rule needs one number'),
          }
        : {
            label: t('summary.all', 'All, as a table'),
            description: t('summary.all-hint', 'One row per series'),
          },
    [forRule],
  );
  const choices = useMemo(stats, []);
  return (
    <ChoiceField<QueryChoice<'stat'>>
      id={idOf('stat')}
      label={t('summary.stat.label', 'Statistic')}
      value={query.stat}
      choices={choices}
      unset={byDefault}
      onChange={(stat) => onChange({ stat })}
    />
  );
}
