import React, { useMemo } from 'react';
import type { OpenWindows } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const CHOICES: readonly Choice<OpenWindows>[] = [
  { value: 'include', label: 'Include', description: 'The newest values may still change' },
  { value: 'exclude', label: 'Leave out', description: 'Values that are final, and later by a window' },
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
      label: leftOut ? 'Auto: left out' : 'Auto: included',
      description: forRule
        ? 'Alert rules read final values'
        : leftOut
          ? 'Summaries count final values'
          : 'Alert rules and expressions leave them out',
    }),
    [leftOut, forRule],
  );
  // Where the stream holds final results only, nothing is ever open.
  if (metric?.final_only === true) return null;
  return (
    <ChoiceField<OpenWindows>
      id={idOf('open-windows')}
      label="Open windows"
      tooltip="Windows whose values may still change, because records for them can still come."
      value={query.openWindows === 'auto' ? undefined : query.openWindows}
      choices={CHOICES}
      unset={byDefault}
      onChange={(openWindows) => onChange({ openWindows })}
    />
  );
}
