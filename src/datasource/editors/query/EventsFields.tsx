import React, { useMemo } from 'react';
import { InlineFieldRow } from '@grafana/ui';
import type { EventsAs } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import { EventStateField } from '../fields/EventStateField';
import { SeveritiesField } from '../fields/SeveritiesField';
import { TextField } from '../fields/TextField';
import { GroupByField } from './GroupByField';
import type { SectionProps } from './section';

const FORMS: readonly Choice<EventsAs>[] = [
  { value: 'count', label: 'Count', description: 'How many there are in the range' },
  { value: 'value', label: 'Value', description: 'Of the newest event of each series' },
];
const MOST_EVENTS = 10_000;

/** Which events, and what is made of them. */
export function EventsFields(props: SectionProps) {
  const { query, onChange, forRule, idOf } = props;
  const byDefault = useMemo(
    () =>
      forRule
        ? { label: 'Default: count', description: 'A rule needs a number' }
        : { label: 'Table', description: 'One row an event, newest first' },
    [forRule],
  );
  const form =
    query.eventsAs === undefined || query.eventsAs === 'table'
      ? forRule
        ? 'count'
        : 'table'
      : query.eventsAs;
  return (
    <>
      <InlineFieldRow>
        <ChoiceField<EventsAs>
          id={idOf('events-as')}
          label="Show as"
          value={query.eventsAs === 'table' ? undefined : query.eventsAs}
          choices={FORMS}
          unset={byDefault}
          onChange={(eventsAs) => onChange({ eventsAs })}
        />
        {form === 'count' && <GroupByField {...props} ofCounts />}
      </InlineFieldRow>
      <InlineFieldRow>
        <SeveritiesField
          id={idOf('severities')}
          severities={query.severities}
          onChange={(severities) => onChange({ severities })}
        />
        <EventStateField
          id={idOf('event-state')}
          state={query.eventState}
          onChange={(eventState) => onChange({ eventState })}
        />
        {form === 'table' && (
          <TextField
            id={idOf('limit')}
            label="Limit"
            tooltip="Most events of an answer, the newest ones."
            inputMode="numeric"
            placeholder="1000"
            width={12}
            value={query.limit === undefined ? '' : String(query.limit)}
            faultOf={limitFault}
            onCommit={(text) => onChange({ limit: text === '' ? undefined : Number(text) })}
          />
        )}
      </InlineFieldRow>
    </>
  );
}

function limitFault(text: string): string | undefined {
  if (text === '') return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_EVENTS) return undefined;
  return `Write a whole number from 1 to ${MOST_EVENTS.toLocaleString('en-US')}.`;
}
