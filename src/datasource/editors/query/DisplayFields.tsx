import React from 'react';
import { EditorField } from '@grafana/plugin-ui';
import { Switch } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { holdsVariable } from '../fields/template-variables';
import { TextField } from '../fields/TextField';
import { isDuration } from './durations';
import type { SectionProps } from './section';

type FieldProps = Pick<SectionProps, 'query' | 'onChange' | 'idOf'>;

export function TimeShiftField({ query, onChange, idOf }: FieldProps) {
  return (
    <TextField
      id={idOf('time-shift')}
      label={t('query.time-shift.label', 'Time shift')}
      tooltip={t(
        'query.time-shift.tooltip',
        'Shows the data of an earlier range, for example 1d for the day before. Shifted data is refreshed, not streamed.',
      )}
      placeholder={t('query.time-shift.placeholder', 'None, or e.g. 1h')}
      width={16}
      value={query.timeShift ?? ''}
      faultOf={(text) =>
        text === '' || text === '0' || holdsVariable(text) || isDuration(text)
          ? undefined
          : t(
              'query.time-shift.invalid',
              '"{{text}}" is not a valid duration. Enter one such as 30m, 1h or 7d.',
              { text },
            )
      }
      onCommit={(text) => onChange({ timeShift: text === '' ? undefined : text })}
    />
  );
}

export function AliasField({ query, onChange, idOf, metric }: FieldProps & Pick<SectionProps, 'metric'>) {
  const dimensions = metric?.dimensions.map(({ name }) => name) ?? ['dimension'];
  const placeholders = [...dimensions, 'metric', 'measure', 'stat'].map((name) => `{{${name}}}`);
  return (
    <TextField
      id={idOf('alias')}
      label={t('query.alias.label', 'Alias')}
      tooltip={t('query.alias.tooltip', 'Name of each series. Placeholders: {{placeholders}}.', {
        placeholders: placeholders.join(', '),
      })}
      placeholder={t('query.alias.placeholder', 'Auto, or e.g. {{example}}', { example: placeholders[0] })}
      value={query.alias ?? ''}
      onCommit={(text) => onChange({ alias: text === '' ? undefined : text })}
    />
  );
}

/** Only where the metrics file has some: a switch that does nothing would puzzle. */
export function ThresholdsField({
  query,
  onChange,
  idOf,
  measure,
}: FieldProps & Pick<SectionProps, 'measure'>) {
  const chosen = query.metricThresholds === true;
  if (!chosen && (measure?.thresholds ?? []).length === 0) return null;
  return (
    <SwitchField
      id={idOf('metric-thresholds')}
      label={t('query.metric-thresholds.label', 'Metric’s thresholds')}
      tooltip={t(
        'query.metric-thresholds.tooltip',
        'Colours by the thresholds of the metrics file instead of those of the panel.',
      )}
      value={chosen}
      onChange={(on) => onChange({ metricThresholds: on ? true : undefined })}
    />
  );
}

export function LiveField({ query, onChange, idOf }: FieldProps) {
  return (
    <SwitchField
      id={idOf('live')}
      label={t('query.live.label', 'Live')}
      tooltip={t(
        'query.live.tooltip',
        'New values and corrections appear without a refresh while the time range ends at now.',
      )}
      value={query.live !== false}
      onChange={(on) => onChange({ live: on ? undefined : false })}
    />
  );
}

interface SwitchFieldProps {
  readonly id: string;
  readonly label: string;
  readonly tooltip: string;
  readonly value: boolean;
  readonly onChange: (on: boolean) => void;
}

function SwitchField({ id, label, tooltip, value, onChange }: SwitchFieldProps) {
  return (
    <EditorField label={label} htmlFor={id} tooltip={tooltip}>
      <Switch id={id} value={value} onChange={(event) => onChange(event.currentTarget.checked)} />
    </EditorField>
  );
}
