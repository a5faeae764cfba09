import React, { useMemo } from 'react';
import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import { ChoiceField, type Choice } from './ChoiceField';

const stateChoices = (): readonly Choice<QueryChoice<'eventState'>>[] => [
  {
    value: 'open',
    label: t('events.state.open', 'Open'),
    description: t('events.state.open-hint', 'Their window may still change'),
  },
  {
    value: 'resolved',
    label: t('events.state.resolved', 'Resolved'),
    description: t('events.state.resolved-hint', 'Their window is final, or they were removed'),
  },
];

interface EventStateFieldProps {
  readonly id: string;
  readonly state: QueryChoice<'eventState'> | undefined;
  readonly onChange: (state: QueryChoice<'eventState'> | undefined) => void;
}

/** Events of which state count. */
export function EventStateField({ id, state, onChange }: EventStateFieldProps) {
  const choices = useMemo(stateChoices, []);
  const unset = useMemo(() => ({ label: t('events.state.all', 'All') }), []);
  return (
    <ChoiceField<QueryChoice<'eventState'>>
      id={id}
      label={t('events.state.label', 'State')}
      value={state === 'all' ? undefined : state}
      choices={choices}
      unset={unset}
      onChange={onChange}
    />
  );
}
