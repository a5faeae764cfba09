import React, { useId, useMemo } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { Switch } from '@grafana/ui';
import { isEqual } from 'lodash';
import { t } from '../../locales/translate';
import type { StreamKpiDataSource } from '../datasource';
import type { StreamKpiOptions } from '../options';
import type { StreamKpiQuery } from '../query';
import { readFilters } from '../saved-query';
import type { StreamKpiVariableQuery, VariableList } from '../variable-query';
import { CatalogueAlert } from './fields/CatalogueAlert';
import { metricsOf, useCatalogue } from './fields/catalogue-state';
import { ChoiceField, type Choice } from './fields/ChoiceField';
import { FilterRows } from './fields/FilterRows';
import { holdsVariable, TemplateVariables } from './fields/template-variables';
import { dimensionChoices, metricChoices } from './query/catalogue-choices';
import { findMetric } from './query/MetricFields';
import { changed } from './query/query-changes';

type Props = QueryEditorProps<StreamKpiDataSource, StreamKpiQuery, StreamKpiOptions, StreamKpiVariableQuery>;
type Change = { [Field in keyof StreamKpiVariableQuery]?: StreamKpiVariableQuery[Field] | undefined };

const lists = (): readonly Choice<VariableList>[] => [
  {
    value: 'metrics',
    label: t('variable.list.metrics', 'Metrics'),
    description: t('variable.list.metrics-hint', 'Names of all metrics'),
  },
  {
    value: 'dimensions',
    label: t('variable.list.dimensions', 'Dimensions'),
    description: t('variable.list.dimensions-hint', 'Names of the dimensions of a metric'),
  },
  {
    value: 'values',
    label: t('variable.list.values', 'Values'),
    description: t('variable.list.values-hint', 'Values of a dimension'),
  },
];

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
  const listChoices = useMemo(lists, []);
  const everyMetric = useMemo(() => ({ label: t('variable.every-metric', 'Every metric') }), []);
  return (
    // A variable may build on others: values of `$dimension`.
    <TemplateVariables offered>
      <EditorRows>
        <CatalogueAlert catalogue={catalogue} onRetry={retry} />
        <EditorRow>
          <ChoiceField<VariableList>
            id={idOf('list')}
            label={t('variable.list.label', 'List')}
            value={list}
            choices={listChoices}
            width={44}
            variables={false}
            onChange={(chosen) => {
              if (chosen !== undefined) save({ list: chosen });
            }}
          />
          {list !== 'metrics' && (
            <ChoiceField
              id={idOf('metric')}
              label={t('query.metric.label', 'Metric')}
              value={saved.metric}
              choices={metrics}
              custom="name"
              width={44}
              placeholder={t('query.metric.choose', 'Choose a metric')}
              loading={catalogue.state === 'loading'}
              {...(list === 'dimensions' ? { unset: everyMetric } : {})}
              error={
                catalogue.state === 'ready' && isUnknown(saved.metric, metrics)
                  ? t('variable.metric.unknown', 'The bridge has no metric "{{name}}". Choose another.', {
                      name: saved.metric,
                    })
                  : undefined
              }
              onChange={(name) => save({ metric: name })}
            />
          )}
          {list === 'values' && (
            <ChoiceField
              id={idOf('dimension')}
              label={t('variable.dimension.label', 'Dimension')}
              value={saved.dimension}
              choices={dimensions}
              custom="name"
              width={44}
              placeholder={t('variable.dimension.choose', 'Choose a dimension')}
              error={
                metric !== undefined && isUnknown(saved.dimension, dimensions)
                  ? t(
                      'variable.dimension.unknown',
                      '"{{metric}}" has no dimension "{{dimension}}". Choose another.',
                      {
                        metric: metric.title || metric.name,
                        dimension: saved.dimension,
                      },
                    )
                  : undefined
              }
              onChange={(name) => save({ dimension: name })}
            />
          )}
        </EditorRow>
        {list === 'values' && (
          <>
            <EditorRow>
              <FilterRows
                id={idOf('filters')}
                filters={readFilters(saved.filters)}
                client={datasource.catalogue}
                metricName={saved.metric}
                metric={metric}
                tooltip={t(
                  'variable.filters.tooltip',
                  "Only values of series that match all filters and have data in the dashboard's range.",
                )}
                onChange={(filters) => save({ filters })}
              />
            </EditorRow>
            <EditorRow>
              <EditorField
                label={t('variable.in-range.label', 'In range only')}
                htmlFor={idOf('in-range')}
                tooltip={t(
                  'variable.in-range.tooltip',
                  "Only values with data in the dashboard's range. Set the variable to refresh on time range change.",
                )}
              >
                <Switch
                  id={idOf('in-range')}
                  value={saved.inRange === true}
                  onChange={(event) => save({ inRange: event.currentTarget.checked ? true : undefined })}
                />
              </EditorField>
            </EditorRow>
          </>
        )}
      </EditorRows>
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
