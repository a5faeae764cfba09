import React, { useMemo } from 'react';
import { EditorRow } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import type { MeasureEntry, MetricEntry } from '../../catalogue';
import { metricsOf, type CatalogueState } from '../fields/catalogue-state';
import { ChoiceField } from '../fields/ChoiceField';
import { Note } from '../fields/Note';
import { holdsVariable, withVariablesFilledIn } from '../fields/template-variables';
import { measureChoices, measureOf, metricChoices, unitName, windowText } from './catalogue-choices';
import { metricChange } from './query-changes';
import type { SectionProps } from './section';

interface MetricFieldsProps extends Omit<SectionProps, 'client' | 'forRule'> {
  readonly catalogue: CatalogueState;
}

/** Which metric, and which of its measures. */
export function MetricFields(props: MetricFieldsProps) {
  const { catalogue, query, onChange, metric, measure, idOf } = props;
  const ofEvents = query.kind === 'events';
  const choices = useMemo(() => {
    const metrics = metricsOf(catalogue);
    return metricChoices(ofEvents ? metrics.filter(({ kind }) => kind === 'event') : metrics);
  }, [catalogue, ofEvents]);
  return (
    <>
      <EditorRow>
        <ChoiceField
          id={idOf('metric')}
          label={t('query.metric.label', 'Metric')}
          value={query.metric === '' ? undefined : query.metric}
          choices={choices}
          custom="name"
          width={44}
          placeholder={
            ofEvents
              ? t('query.metric.choose-event', 'Choose an event metric')
              : t('query.metric.choose', 'Choose a metric')
          }
          loading={catalogue.state === 'loading'}
          error={metricFault(query.metric ?? '', catalogue, ofEvents)}
          onChange={(name) => {
            if (name === undefined) return;
            onChange(metricChange(query, name, findMetric(catalogue, name), holdsVariable));
          }}
        />
        {!ofEvents && <MeasureField {...props} />}
      </EditorRow>
      {metric !== undefined && (
        <Note>
          {[metric.description, windowText(metric), ofEvents ? '' : unitText(measure)]
            .filter((part) => part !== '')
            .join(' ')}
        </Note>
      )}
    </>
  );
}

function MeasureField({ query, onChange, metric, idOf }: Omit<MetricFieldsProps, 'catalogue'>) {
  const choices = useMemo(() => measureChoices(metric), [metric]);
  const byDefault = metric === undefined ? undefined : measureOf(metric, undefined);
  const unset = useMemo(
    () => ({
      label:
        byDefault === undefined
          ? t('query.default', 'Default')
          : t('query.default-of', 'Default: {{name}}', { name: byDefault.title || byDefault.name }),
      description: t('query.measure.default-hint', "The metric's default measure"),
    }),
    [byDefault],
  );
  const missing =
    metric !== undefined &&
    query.measure !== undefined &&
    !holdsVariable(query.measure) &&
    measureOf(metric, query.measure) === undefined;
  return (
    <ChoiceField
      id={idOf('measure')}
      label={t('query.measure.label', 'Measure')}
      value={query.measure}
      choices={choices}
      unset={unset}
      custom={metric === undefined ? 'name' : undefined}
      width={32}
      error={
        missing
          ? t('query.measure.unknown', '"{{metric}}" has no measure "{{measure}}". Choose another.', {
              metric: metric.title || metric.name,
              measure: query.measure,
            })
          : undefined
      }
      onChange={(name) => onChange({ measure: name })}
    />
  );
}

const unitText = (measure: MeasureEntry | undefined): string => {
  const unit = unitName(measure?.unit ?? '');
  return unit === '' ? '' : t('query.measure.unit', 'Unit: {{unit}}.', { unit });
};

/** The metric of that name, with template variables filled in. */
export function findMetric(catalogue: CatalogueState, name: string | undefined): MetricEntry | undefined {
  if (name === undefined || name === '') return undefined;
  const filledIn = withVariablesFilledIn(name);
  return metricsOf(catalogue).find((metric) => metric.name === filledIn);
}

function metricFault(name: string, catalogue: CatalogueState, ofEvents: boolean): string | undefined {
  // While the catalogue is not there, or empty, everything may be right; that is said elsewhere.
  if (name === '' || holdsVariable(name) || metricsOf(catalogue).length === 0) return undefined;
  const metric = findMetric(catalogue, name);
  if (metric === undefined) {
    return t(
      'query.metric.unknown',
      'The bridge has no metric "{{name}}": it was removed or renamed, or the token may not see it. Choose another.',
      { name },
    );
  }
  if (ofEvents && metric.kind !== 'event') {
    return t('query.metric.not-events', '"{{metric}}" holds windows, not events. Choose an event metric.', {
      metric: metric.title || name,
    });
  }
  return undefined;
}
