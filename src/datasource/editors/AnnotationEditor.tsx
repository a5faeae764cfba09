import React, { useId, useMemo } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { EditorRow, EditorRows } from '@grafana/plugin-ui';
import { isEqual } from 'lodash';
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
import { findMetric, MetricFields } from './query/MetricFields';
import { changed, type QueryChange } from './query/query-changes';

type Props = QueryEditorProps<StreamKpiDataSource, StreamKpiQuery, StreamKpiOptions>;

/** Edits which events are drawn as annotations. */
export function AnnotationEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const idPrefix = useId();
  const idOf = (field: string): string => `${idPrefix}-${field}`;
  const { catalogue, retry } = useCatalogue(datasource.catalogue);
  // A new annotation's query is empty; only events can be drawn.
  const events = useMemo<StreamKpiQuery>(() => ({ ...readQuery(query), kind: 'events' }), [query]);
  const metric = findMetric(catalogue, events.metric);
  const save = (change: QueryChange): void => {
    const next = changed(events, change);
    if (isEqual(next, events)) return;
    onChange(next);
    onRunQuery();
  };
  return (
    <TemplateVariables offered>
      <EditorRows>
        <CatalogueAlert catalogue={catalogue} onRetry={retry} />
        <MetricFields
          query={events}
          onChange={save}
          metric={metric}
          measure={undefined}
          idOf={idOf}
          catalogue={catalogue}
        />
        <EditorRow>
          <FilterRows
            id={idOf('filters')}
            filters={readFilters(events.filters)}
            client={datasource.catalogue}
            metricName={events.metric}
            metric={metric}
            onChange={(filters) => save({ filters })}
          />
        </EditorRow>
        <EditorRow>
          <SeveritiesField
            id={idOf('severities')}
            severities={events.severities}
            onChange={(severities) => save({ severities })}
          />
          <EventStateField
            id={idOf('event-state')}
            state={events.eventState}
            onChange={(eventState) => save({ eventState })}
          />
        </EditorRow>
      </EditorRows>
    </TemplateVariables>
  );
}
