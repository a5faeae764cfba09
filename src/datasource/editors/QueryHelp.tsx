import React from 'react';
import type { QueryEditorHelpProps } from '@grafana/data';
import { Button, Card } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { MetricEntry } from '../catalogue';
import type { StreamKpiDataSource } from '../datasource';
import type { StreamKpiQuery } from '../query';
import { metricsOf, useCatalogue } from './fields/catalogue-state';

interface Example {
  readonly title: string;
  readonly text: string;
  readonly query: Omit<StreamKpiQuery, 'refId'>;
}

/** Example queries for the bridge's own metrics. */
function examplesOf(metrics: readonly MetricEntry[]): Example[] {
  const numbers = metrics.find(({ kind, dimensions }) => kind === 'window' && dimensions.length > 0);
  const [dimension] = numbers?.dimensions ?? [];
  const events = metrics.find(({ kind }) => kind === 'event');
  return [
    ...(numbers === undefined || dimension === undefined
      ? []
      : [
          {
            title: t('help.series.title', 'Live series by {{dimension}}', { dimension: dimension.name }),
            text: t(
              'help.series.text',
              'A line for each value of a dimension, corrected as records arrive late.',
            ),
            query: {
              kind: 'series',
              metric: numbers.name,
              groupBy: [dimension.name],
              openWindows: 'exclude',
            } as const,
          },
          {
            title: t('help.shift.title', 'The same, one day earlier'),
            text: t('help.shift.text', 'A second query with a time shift, to compare with the first.'),
            query: {
              kind: 'series',
              metric: numbers.name,
              groupBy: [dimension.name],
              openWindows: 'exclude',
              timeShift: '1d',
            } as const,
          },
          {
            title: t('help.summary.title', 'KPI of the range'),
            text: t(
              'help.summary.text',
              'Last value, change, minimum, maximum and average, for the KPI panel.',
            ),
            query: { kind: 'summary', metric: numbers.name } as const,
          },
          {
            title: t('help.forecast.title', 'Expected values with their band'),
            text: t(
              'help.forecast.text',
              'What each step was expected to be; a range that ends in the future shows the steps ahead.',
            ),
            query: { kind: 'forecast', metric: numbers.name, groupBy: [] } as const,
          },
        ]),
    ...(events === undefined
      ? []
      : [
          {
            title: t('help.events.title', 'Open alerts'),
            text: t('help.events.text', 'Events whose window may still change, newest first.'),
            query: { kind: 'events', metric: events.name, eventState: 'open' } as const,
          },
        ]),
    {
      title: t('help.status.title', 'Lag of the pipeline over time'),
      text: t('help.status.text', 'Records of each topic that the bridge has not read yet.'),
      query: { kind: 'status', statusAs: 'lag', statusOver: 'range' },
    },
  ];
}

/** Examples in Explore, with the bridge's own metrics; a click makes one the query. */
export function QueryHelp({ datasource, onClickExample }: QueryEditorHelpProps<StreamKpiQuery>) {
  // Grafana's type names the base class; it hands over the data source whose help this is.
  const { catalogue } = useCatalogue((datasource as unknown as StreamKpiDataSource).catalogue);
  return (
    <>
      <h2>{t('help.title', 'StreamKPI examples')}</h2>
      <ul>
        {examplesOf(metricsOf(catalogue)).map(({ title, text, query }) => (
          <Card key={title} noMargin>
            <Card.Heading>{title}</Card.Heading>
            <Card.Description>{text}</Card.Description>
            <Card.Actions>
              <Button
                size="sm"
                variant="secondary"
                aria-label={t('help.use', 'Use the example "{{title}}"', { title })}
                onClick={() => onClickExample({ refId: 'A', version: 1, ...query })}
              >
                {t('help.use-short', 'Use example')}
              </Button>
            </Card.Actions>
          </Card>
        ))}
      </ul>
    </>
  );
}
