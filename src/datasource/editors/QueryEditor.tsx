import React, { useId, useMemo } from 'react';
import { css } from '@emotion/css';
import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import { isEqual } from 'lodash';
import { t } from '../../locales/translate';
import type { StreamKpiDataSource } from '../datasource';
import type { StreamKpiOptions } from '../options';
import { QUERY_SCHEMA, type QueryKind, type StreamKpiQuery } from '../query';
import { readFilters, readQuery } from '../saved-query';
import { CatalogueAlert } from './fields/CatalogueAlert';
import { useCatalogue } from './fields/catalogue-state';
import { FilterRows } from './fields/FilterRows';
import { TemplateVariables } from './fields/template-variables';
import { measureOf } from './query/catalogue-choices';
import { AliasField, LiveField, ThresholdsField, TimeShiftField } from './query/DisplayFields';
import { BacktestPreview } from './query/BacktestPreview';
import { EventsFields } from './query/EventsFields';
import { AnomalyFields, ForecastFormField, ForecastModelFields } from './query/ForecastFields';
import { GroupByField } from './query/GroupByField';
import { findMetric, MetricFields } from './query/MetricFields';
import { OpenWindowsField } from './query/OpenWindowsField';
import { changed, kindChange, type QueryChange } from './query/query-changes';
import type { SectionProps } from './query/section';
import { SeriesFields } from './query/SeriesFields';
import { StatusFields } from './query/StatusFields';
import { SummaryFields } from './query/SummaryFields';

type Props = QueryEditorProps<StreamKpiDataSource, StreamKpiQuery, StreamKpiOptions>;

const wrapping = css({ flexWrap: 'wrap', maxWidth: '100%' });

const queryTypes = (): { value: QueryKind; label: string; description: string }[] => [
  {
    value: 'series',
    label: t('query.type.series', 'Series'),
    description: t('query.type.series-hint', 'Values over time, live'),
  },
  {
    value: 'summary',
    label: t('query.type.summary', 'KPI summary'),
    description: t('query.type.summary-hint', 'Last, change, minimum, maximum and average of the range'),
  },
  {
    value: 'events',
    label: t('query.type.events', 'Events'),
    description: t('query.type.events-hint', 'Events of the range, as a table or a number'),
  },
  {
    value: 'forecast',
    label: t('query.type.forecast', 'Forecast'),
    description: t('query.type.forecast-hint', 'What is expected, and how unusual it is'),
  },
  {
    value: 'status',
    label: t('query.type.status', 'Status'),
    description: t('query.type.status-hint', 'State of the bridge: readiness, freshness, lag'),
  },
];

/**
 * Edits one query of a panel, a rule or Explore. Fields of another kind stay in the query, so that a kind tried out
 * costs nothing; the backend reads those of the chosen kind only.
 */
export function QueryEditor({ datasource, query: saved, onChange, onRunQuery, app }: Props) {
  const query = useMemo(() => readQuery(saved), [saved]);
  const idPrefix = useId();
  const { catalogue, retry } = useCatalogue(datasource.catalogue);
  const kind = query.kind ?? QUERY_SCHEMA.kind.default;
  const types = useMemo(queryTypes, []);
  const forRule = app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting;
  const metric = findMetric(catalogue, query.metric);
  const save = (change: QueryChange): void => {
    const next = changed(query, change);
    if (isEqual(next, query)) return;
    onChange(next);
    onRunQuery();
  };
  const section: SectionProps = {
    query,
    onChange: save,
    metric,
    measure: metric === undefined ? undefined : measureOf(metric, query.measure),
    forRule,
    client: datasource.catalogue,
    idOf: (field) => `${idPrefix}-${field}`,
  };
  return (
    // Rules are evaluated where no dashboard can fill its variables in.
    <TemplateVariables offered={!forRule}>
      <EditorRows>
        <EditorRow>
          <EditorField label={t('query.type.label', 'Query type')}>
            <RadioButtonGroup
              id={section.idOf('kind')}
              className={wrapping}
              aria-label={t('query.type.label', 'Query type')}
              options={types}
              value={kind}
              onChange={(chosen) => chosen !== kind && save(kindChange(query, chosen))}
            />
          </EditorField>
        </EditorRow>
        {kind === 'status' ? (
          <StatusQuery {...section} />
        ) : (
          <>
            <CatalogueAlert catalogue={catalogue} onRetry={retry} />
            <MetricFields {...section} catalogue={catalogue} />
            <EditorRow>
              <FilterRows
                id={section.idOf('filters')}
                filters={readFilters(query.filters)}
                client={section.client}
                metricName={query.metric}
                metric={metric}
                onChange={(filters) => save({ filters })}
              />
            </EditorRow>
            {kind === 'events' && <EventsQuery {...section} />}
            {kind === 'forecast' && (
              <ForecastQuery {...section} backtest={(tried) => datasource.backtest(tried)} />
            )}
            {(kind === 'series' || kind === 'summary') && <NumbersQuery {...section} kind={kind} />}
          </>
        )}
      </EditorRows>
    </TemplateVariables>
  );
}

function NumbersQuery({ kind, ...section }: SectionProps & { kind: 'series' | 'summary' }) {
  const named = kind === 'series' || section.forRule || section.query.stat !== undefined;
  return (
    <>
      <EditorRow>
        {kind === 'summary' && <SummaryFields {...section} />}
        <GroupByField {...section} />
      </EditorRow>
      {kind === 'series' && <SeriesFields {...section} />}
      <EditorRow>
        <OpenWindowsField {...section} />
        <TimeShiftField {...section} />
        {named && <AliasField {...section} />}
        {!section.forRule && <ThresholdsField {...section} />}
        {!section.forRule && <LiveField {...section} />}
      </EditorRow>
    </>
  );
}

interface ForecastQueryProps extends SectionProps {
  readonly backtest: StreamKpiDataSource['backtest'];
}

function ForecastQuery({ backtest, ...section }: ForecastQueryProps) {
  return (
    <>
      <EditorRow>
        <ForecastFormField {...section} />
        <GroupByField {...section} />
      </EditorRow>
      <ForecastModelFields {...section} />
      <AnomalyFields {...section} />
      <EditorRow>
        <TimeShiftField {...section} />
        <AliasField {...section} />
        {!section.forRule && <LiveField {...section} />}
      </EditorRow>
      {section.query.metric !== undefined && <BacktestPreview query={section.query} backtest={backtest} />}
    </>
  );
}

function EventsQuery(section: SectionProps) {
  const { query, forRule } = section;
  const named = forRule || query.eventsAs === 'count' || query.eventsAs === 'value';
  return (
    <>
      <EventsFields {...section} />
      <EditorRow>
        <OpenWindowsField {...section} />
        <TimeShiftField {...section} />
        {named && <AliasField {...section} />}
        {!forRule && <ThresholdsField {...section} />}
        {!forRule && <LiveField {...section} />}
      </EditorRow>
    </>
  );
}

function StatusQuery(section: SectionProps) {
  return (
    <>
      <StatusFields {...section} />
      {!section.forRule && (
        <EditorRow>
          <LiveField {...section} />
        </EditorRow>
      )}
    </>
  );
}
