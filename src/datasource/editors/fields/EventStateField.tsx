import React from 'react';
import type { EventStateFilter } from '../../query';
import { ChoiceField, type Choice } from './ChoiceField';

const STATES: readonly Choice<EventStateFilter>[] = [
  { value: 'open', label: 'Open', description: 'Their window may still change' },
  { value: 'resolved', label: 'Resolved', description: 'Their window is final, or they were removed' },
];
const ANY_STATE = { label: 'All' };

interface EventStateFieldProps {
  readonly id: string;
  readonly state: EventStateFilter | undefined;
  readonly onChange: (state: EventStateFilter | undefined) => void;
}

/** Events of which state count. */
export function EventStateField({ id, state, onChange }: EventStateFieldProps) {
  return (
    <ChoiceField<EventStateFilter>
      id={id}
      label="State"
      value={state === 'all' ? undefined : state}
      choices={STATES}
      unset={ANY_STATE}
      onChange={onChange}
    />
  );
}
