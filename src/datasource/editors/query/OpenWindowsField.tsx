import React, { useMemo } from 'react';
import { t } from '../../../locales/translate';
import { QUERY_SCHEMA, type QueryChoice } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

/** `ofSeries`: drawn as lines, beside which open windows can have one of their own. */
const openWindowChoices = (ofSeries: boolean): readonly Choice<QueryChoice<'openWindows'>>[] => [
  {
    value: 'exclude',
    label: t('query.open-windows.exclude', 'Hide'),
    description: t('query.open-windows.exclude-hint', 'Final values only, one window later'),
  },
  ...(ofSeries
    ? [
        {
          value: 'separate' as const,
          label: t('query.open-windows.separate', 'Separate series'),
          description: t('query.open-windows.separate-hint', 'Dashed, and in no legend'),
        },
      ]
    : []),
  {
    value: 'include',
    label: t('query.open-windows.include', 'Include'),
    description: t('query.open-windows.include-hint', 'The newest values may still change'),
  },
];

/** Whether windows that may still change count. */
export function OpenWindowsField({
  query,
  onChange,
  metric,
  forRule,
  idOf,
}: Omit<SectionProps, 'client' | 'measure'>) {
  const leftOut = forRule || query.kind === 'summary';
  const isGraph = !forRule && (query.kind ?? QUERY_SCHEMA.kind.default) === 'series';
  const byDefault = useMemo(
    () => ({
      label: leftOut
        ? t('query.open-windows.auto-out', 'Auto: left out')
        : t('query.open-windows.auto-in', 'Auto: included'),
      description: forRule
        ? t('query.open-windows.rule', 'Alert rules read final values')
        : leftOut
          ? t('query.open-windows.summary', 'Summaries count final values')
          : t('query.open-windows.others', 'Alert rules and expressions leave them out'),
    }),
    [leftOut, forRule],
  );
  const choices = useMemo(() => openWindowChoices(isGraph), [isGraph]);
  // Where the stream holds final results only, nothing is ever open.
  if (metric?.final_only === true) return null;
  return (
    <ChoiceField<QueryChoice<'openWindows'>>
      id={idOf('open-windows')}
      label={t('query.open-windows.label', 'Open windows')}
      tooltip={t(
        'query.open-windows.tooltip',
        'Windows whose values may still change, because records for them can still arrive.',
      )}
      value={query.openWindows === 'auto' ? undefined : query.openWindows}
      choices={choices}
      unset={byDefault}
      onChange={(openWindows) => onChange({ openWindows })}
    />
  );
}
