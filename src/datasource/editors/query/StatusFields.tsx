import React, { useMemo } from 'react';
import { EditorRow } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import type { SectionProps } from './section';

const forms = (): readonly Choice<QueryChoice<'statusAs'>>[] => [
  {
    value: 'ready',
    label: t('status-query.ready', 'Ready'),
    description: t('status-query.ready-hint', '1 while every hop works, otherwise 0'),
  },
  {
    value: 'freshness',
    label: t('status-query.freshness', 'Freshness'),
    description: t('status-query.freshness-hint', 'Age of the newest data of each metric'),
  },
  {
    value: 'lag',
    label: t('status-query.lag', 'Lag'),
    description: t('status-query.lag-hint', 'Records not read yet, per topic'),
  },
  {
    value: 'dead_letters',
    label: t('status-query.dead-letters', 'Dead letters'),
    description: t('status-query.dead-letters-hint', 'Records that could not be read, per topic'),
  },
  {
    value: 'records',
    label: t('status-query.records', 'Records'),
    description: t('status-query.records-hint', 'Records read, per topic'),
  },
  {
    value: 'clients',
    label: t('status-query.clients', 'Clients'),
    description: t('status-query.clients-hint', 'Connections, subscriptions and buffered bytes'),
  },
];
const overChoices = (): readonly Choice<QueryChoice<'statusOver'>>[] => [
  {
    value: 'range',
    label: t('status-query.over.range', 'Over the range'),
    description: t('status-query.over.range-hint', 'As recorded by the bridge every ten seconds'),
  },
];
const now = () => ({
  label: t('status-query.over.now', 'Now'),
  description: t('status-query.over.now-hint', 'The value at this moment'),
});

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
        ? {
            label: t('status-query.default-ready', 'Default: ready'),
            description: t('query.rule-needs-number', 'A rule needs a number'),
          }
        : {
            label: t('query.as.table', 'Table'),
            description: t('status-query.table-hint', 'One row per hop, with what fails'),
          },
    [forRule],
  );
  const choices = useMemo(forms, []);
  const overs = useMemo(overChoices, []);
  const unset = useMemo(now, []);
  const form = query.statusAs === 'table' ? undefined : query.statusAs;
  return (
    <EditorRow>
      <ChoiceField<QueryChoice<'statusAs'>>
        id={idOf('status-as')}
        label={t('query.as.label', 'Show as')}
        value={form}
        choices={choices}
        unset={byDefault}
        onChange={(statusAs) => onChange({ statusAs })}
      />
      {form !== undefined && form !== 'ready' && (
        <ChoiceField<QueryChoice<'statusOver'>>
          id={idOf('status-over')}
          label={t('status-query.over.label', 'Time')}
          value={query.statusOver === 'now' ? undefined : query.statusOver}
          choices={overs}
          unset={unset}
          onChange={(statusOver) => onChange({ statusOver })}
        />
      )}
    </EditorRow>
  );
}
