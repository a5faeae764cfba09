import React, { useId, useMemo } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import { isEqual } from 'lodash';
import { t } from '../../locales/translate';
import type { StreamKpiDataSource } from '../datasource';
import type { StreamKpiOptions } from '../options';
import type { StreamKpiQuery } from '../query';
import { readFilters, readQuery } from '../saved-query';
import { CatalogueAlert } from './fields/CatalogueAlert';
import { useCatalogue } from './fields/catalogue-state';
import { EventStateField } from './fields/EventStateField';
import { FilterRows } from './fields/FilterRows';
import { SeveritiesField } from './fields/SeveritiesField';
import { TemplateVariables } from './fields/template-variables';
import { measureOf } from './query/catalogue-choices';
import { AnomalyFields, ForecastModelFields } from './query/ForecastFields';
import { GroupByField } from './query/GroupByField';
import { findMetric, MetricFields } from './query/MetricFields';
import { changed, type QueryChange } from './query/query-changes';

type Props = QueryEditorProps<StreamKpiDataSource, StreamKpiQuery, StreamKpiOptions>;

type Annotated = 'events' | 'forecast';

const drawn = (): { value: Annotated; label: string; description: string }[] => [
  {
    value: 'events',
    label: t('query.type.events', 'Events'),
    description: t('annotation.events-hint', 'Of an event metric'),
  },
  {
    value: 'forecast',
    label: t('forecast.as.anomalies', 'Anomalies'),
    description: t('annotation.anomalies-hint', 'Where a metric was not what was expected'),
  },
];

/** Edits which events, or anomalies of which metric, are drawn as annotations. */
export function AnnotationEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const idPrefix = useId();
  const idOf = (field: string): string => `${idPrefix}-${field}`;
  const { catalogue, retry } = useCatalogue(datasource.catalogue);
  // A new annotation's query is empty; only events and anomalies can be drawn.
  const asked = useMemo<StreamKpiQuery>(() => {
    const saved = readQuery(query);
    return { ...saved, kind: saved.kind === 'forecast' ? 'forecast' : 'events' };
  }, [query]);
  const kinds = useMemo(drawn, []);
  const metric = findMetric(catalogue, asked.metric);
  const save = (change: QueryChange): void => {
    const next = changed(asked, change);
    if (isEqual(next, asked)) return;
    onChange(next);
    onRunQuery();
  };
  return (
    <TemplateVariables offered>
      <EditorRows>
        <EditorRow>
          <EditorField label={t('annotation.drawn', 'Annotate')}>
            <RadioButtonGroup<Annotated>
              id={idOf('kind')}
              aria-label={t('annotation.drawn', 'Annotate')}
              options={kinds}
              value={asked.kind === 'forecast' ? 'forecast' : 'events'}
              onChange={(kind: Annotated) => save({ kind })}
            />
          </EditorField>
        </EditorRow>
        <CatalogueAlert catalogue={catalogue} onRetry={retry} />
        <MetricFields
          query={asked}
          onChange={save}
          metric={metric}
          measure={metric === undefined ? undefined : measureOf(metric, asked.measure)}
          idOf={idOf}
          catalogue={catalogue}
        />
        <EditorRow>
          <FilterRows
            id={idOf('filters')}
            filters={readFilters(asked.filters)}
            client={datasource.catalogue}
            metricName={asked.metric}
            metric={metric}
            onChange={(filters) => save({ filters })}
          />
        </EditorRow>
        {asked.kind === 'forecast' ? (
          <>
            <EditorRow>
              <GroupByField
                query={asked}
                onChange={save}
                metric={metric}
                measure={metric === undefined ? undefined : measureOf(metric, asked.measure)}
                idOf={idOf}
              />
            </EditorRow>
            <ForecastModelFields query={asked} onChange={save} metric={metric} idOf={idOf} />
            <AnomalyFields
              query={{ ...asked, forecastAs: 'anomalies' }}
              onChange={save}
              idOf={idOf}
              forRule={false}
            />
          </>
        ) : (
          <EditorRow>
            <SeveritiesField
              id={idOf('severities')}
              severities={asked.severities}
              onChange={(severities) => save({ severities })}
            />
            <EventStateField
              id={idOf('event-state')}
              state={asked.eventState}
              onChange={(eventState) => save({ eventState })}
            />
          </EditorRow>
        )}
      </EditorRows>
    </TemplateVariables>
  );
}
