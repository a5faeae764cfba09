import React, { useMemo } from 'react';
import { EditorRow } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import { EventStateField } from '../fields/EventStateField';
import { SeveritiesField } from '../fields/SeveritiesField';
import { TextField } from '../fields/TextField';
import { GroupByField } from './GroupByField';
import type { SectionProps } from './section';

const forms = (): readonly Choice<QueryChoice<'eventsAs'>>[] => [
  {
    value: 'count',
    label: t('events.as.count', 'Count'),
    description: t('events.as.count-hint', 'Number of events in the range'),
  },
  {
    value: 'value',
    label: t('events.as.value', 'Value'),
    description: t('events.as.value-hint', 'Of the newest event of each series'),
  },
];
const DEFAULT_EVENTS = 1_000;
const MOST_EVENTS = 10_000;

/** Which events, and how they are shown. */
export function EventsFields(props: SectionProps) {
  const { query, onChange, forRule, idOf } = props;
  const byDefault = useMemo(
    () =>
      forRule
        ? {
            label: t('events.as.default-count', 'Default: count'),
            description: t('query.rule-needs-number', 'A rule needs a number'),
          }
        : {
            label: t('query.as.table', 'Table'),
            description: t('events.as.table-hint', 'One row per event, newest first'),
          },
    [forRule],
  );
  const choices = useMemo(forms, []);
  const form =
    query.eventsAs === undefined || query.eventsAs === 'table'
      ? forRule
        ? 'count'
        : 'table'
      : query.eventsAs;
  return (
    <>
      <EditorRow>
        <ChoiceField<QueryChoice<'eventsAs'>>
          id={idOf('events-as')}
          label={t('query.as.label', 'Show as')}
          value={query.eventsAs === 'table' ? undefined : query.eventsAs}
          choices={choices}
          unset={byDefault}
          onChange={(eventsAs) => onChange({ eventsAs })}
        />
        {form === 'count' && <GroupByField {...props} ofCounts />}
      </EditorRow>
      <EditorRow>
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
            label={t('events.limit.label', 'Limit')}
            tooltip={t('events.limit.tooltip', 'Maximum number of events, the newest ones.')}
            inputMode="numeric"
            placeholder={String(DEFAULT_EVENTS)}
            width={12}
            value={query.limit === undefined ? '' : String(query.limit)}
            faultOf={limitFault}
            onCommit={(text) => onChange({ limit: text === '' ? undefined : Number(text) })}
          />
        )}
      </EditorRow>
    </>
  );
}

function limitFault(text: string): string | undefined {
  if (text === '') return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_EVENTS) return undefined;
  return t('events.limit.invalid', 'Enter a whole number from 1 to {{most, number}}.', { most: MOST_EVENTS });
}
