import React, { useMemo } from 'react';
import { t } from '../../../locales/translate';
import type { OpenWindows } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const openWindowChoices = (): readonly Choice<OpenWindows>[] => [
  {
    value: 'include',
    label: t('query.open-windows.include', 'Include'),
    description: t('query.open-windows.include-hint', 'The newest values may still change'),
  },
  {
    value: 'exclude',
    label: t('query.open-windows.exclude', 'Leave out'),
    description: t('query.open-windows.exclude-hint', 'Final values only, one window later'),
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
  const choices = useMemo(openWindowChoices, []);
  // Where the stream holds final results only, nothing is ever open.
  if (metric?.final_only === true) return null;
  return (
    <ChoiceField<OpenWindows>
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
