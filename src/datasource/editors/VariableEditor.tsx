import React, { useId, useMemo } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { InlineField, InlineFieldRow, InlineSwitch } from '@grafana/ui';
import { isEqual } from 'lodash';
import type { StreamKpiDataSource } from '../datasource';
import type { StreamKpiOptions } from '../options';
import type { StreamKpiQuery } from '../query';
import { readFilters } from '../saved-query';
import type { StreamKpiVariableQuery, VariableList } from '../variable-query';
import { CatalogueAlert } from './fields/CatalogueAlert';
import { metricsOf, useCatalogue } from './fields/catalogue-state';
import { ChoiceField, type Choice } from './fields/ChoiceField';
import { FilterRows } from './fields/FilterRows';
import { LABEL_WIDTH } from './fields/field-layout';
import { holdsVariable, TemplateVariables } from './fields/template-variables';
import { dimensionChoices, metricChoices } from './query/catalogue-choices';
import { findMetric } from './query/MetricFields';
import { changed } from './query/query-changes';

type Props = QueryEditorProps<StreamKpiDataSource, StreamKpiQuery, StreamKpiOptions, StreamKpiVariableQuery>;
type Change = { [Field in keyof StreamKpiVariableQuery]?: StreamKpiVariableQuery[Field] | undefined };

const LISTS: readonly Choice<VariableList>[] = [
  { value: 'metrics', label: 'Metrics', description: 'Names of all metrics' },
  { value: 'dimensions', label: 'Dimensions', description: 'Names of the dimensions of a metric' },
  { value: 'values', label: 'Values', description: 'Values of a dimension' },
];
const EVERY_METRIC = { label: 'Every metric' };

/** Edits what a dashboard variable lists. */
export function VariableEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const idPrefix = useId();
  const idOf = (field: string): string => `${idPrefix}-${field}`;
  const { catalogue, retry } = useCatalogue(datasource.catalogue);
  const saved = savedQuery(query);
  const metrics = useMemo(() => metricChoices(metricsOf(catalogue)), [catalogue]);
  const metric = findMetric(catalogue, saved.metric);
  const dimensions = useMemo(() => dimensionChoices(metric), [metric]);
  const save = (change: Change): void => {
    const next = changed(saved, change);
    if (isEqual(next, saved)) return;
    onChange(next);
    onRunQuery();
  };
  const { list } = saved;
  return (
    // A variable may build on others: values of `$dimension`.
    <TemplateVariables offered>
      <CatalogueAlert catalogue={catalogue} onRetry={retry} />
      <ChoiceField<VariableList>
        id={idOf('list')}
        label="List"
        value={list}
        choices={LISTS}
        width={44}
        variables={false}
        onChange={(chosen) => {
          if (chosen !== undefined) save({ list: chosen });
        }}
      />
      {list !== 'metrics' && (
        <ChoiceField
          id={idOf('metric')}
          label="Metric"
          value={saved.metric}
          choices={metrics}
          custom="name"
          width={44}
          placeholder="Choose a metric"
          loading={catalogue.state === 'loading'}
          {...(list === 'dimensions' ? { unset: EVERY_METRIC } : {})}
          error={
            catalogue.state === 'ready' && isUnknown(saved.metric, metrics)
              ? `The bridge has no metric "${saved.metric}". Choose another.`
              : undefined
          }
          onChange={(name) => save({ metric: name })}
        />
      )}
      {list === 'values' && (
        <>
          <ChoiceField
            id={idOf('dimension')}
            label="Dimension"
            value={saved.dimension}
            choices={dimensions}
            custom="name"
            width={44}
            placeholder="Choose a dimension"
            error={
              metric !== undefined && isUnknown(saved.dimension, dimensions)
                ? `"${metric.title || metric.name}" has no dimension "${saved.dimension}". Choose another.`
                : undefined
            }
            onChange={(name) => save({ dimension: name })}
          />
          <FilterRows
            id={idOf('filters')}
            filters={readFilters(saved.filters)}
            client={datasource.catalogue}
            metricName={saved.metric}
            metric={metric}
            tooltip="Only values of series that pass all filters and have data in the dashboard's range."
            onChange={(filters) => save({ filters })}
          />
          <InlineFieldRow>
            <InlineField
              label="In range only"
              labelWidth={LABEL_WIDTH}
              htmlFor={idOf('in-range')}
              tooltip="Only values with data in the dashboard's range. Have the variable refresh on time range change."
            >
              <InlineSwitch
                id={idOf('in-range')}
                value={saved.inRange === true}
                onChange={(event) => save({ inRange: event.currentTarget.checked ? true : undefined })}
              />
            </InlineField>
          </InlineFieldRow>
        </>
      )}
    </TemplateVariables>
  );
}

/** A new variable has an empty text for a query. */
function savedQuery(query: unknown): StreamKpiVariableQuery {
  const isSaved = typeof query === 'object' && query !== null && 'list' in query;
  return isSaved ? (query as StreamKpiVariableQuery) : { refId: 'StreamKpiVariable', list: 'values' };
}

const isUnknown = (name: string | undefined, choices: readonly Choice[]): name is string =>
  name !== undefined && !holdsVariable(name) && !choices.some(({ value }) => value === name);
