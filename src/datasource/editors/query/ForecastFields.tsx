import React, { useMemo } from 'react';
import { EditorRow } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import { QUERY_SCHEMA, type QueryChoice } from '../../query';
import { ChoiceField } from '../fields/ChoiceField';
import { holdsVariable } from '../fields/template-variables';
import { TextField } from '../fields/TextField';
import { stepChoices } from './catalogue-choices';
import { isDuration } from './durations';
import {
  directionChoices,
  forecastForms,
  formByDefault,
  seasonChoices,
  seasonsByDefault,
  timeZoneChoices,
} from './forecast-choices';
import type { SectionProps } from './section';
import { StepField } from './StepField';

const { band: BAND, forSteps: FOR_STEPS, minChange: MIN_CHANGE, timeZone: TIME_ZONE } = QUERY_SCHEMA;

/** Options of a forecast query. */
export function ForecastFormField({
  query,
  onChange,
  forRule,
  idOf,
}: Pick<SectionProps, 'query' | 'onChange' | 'forRule' | 'idOf'>) {
  const choices = useMemo(() => forecastForms(forRule), [forRule]);
  const unset = useMemo(() => formByDefault(forRule), [forRule]);
  return (
    <ChoiceField<QueryChoice<'forecastAs'>>
      id={idOf('forecast-as')}
      label={t('query.as.label', 'Show as')}
      value={choices.some(({ value }) => value === query.forecastAs) ? query.forecastAs : undefined}
      choices={choices}
      unset={unset}
      variables={false}
      onChange={(forecastAs) => onChange({ forecastAs })}
    />
  );
}

type Fields = Pick<SectionProps, 'query' | 'onChange' | 'metric' | 'idOf'>;

/** What a forecast is made by. */
export function ForecastModelFields({ query, onChange, metric, idOf }: Fields) {
  const steps = useMemo(() => stepChoices(metric).slice(1), [metric]);
  const zones = useMemo(timeZoneChoices, []);
  const seasons = useMemo(seasonChoices, []);
  const withoutStep = useMemo(
    () => ({
      label: t('query.step.auto', 'Auto'),
      description: t('forecast.step.auto-hint', 'The shortest step with two weeks of history'),
    }),
    [],
  );
  const withoutSeasons = useMemo(seasonsByDefault, []);
  const withoutZone = useMemo(() => ({ label: TIME_ZONE.default }), []);
  return (
    <EditorRow>
      <StepField
        query={query}
        onChange={onChange}
        idOf={idOf}
        tooltip={t(
          'forecast.step.tooltip',
          'Forecasts of different steps are different forecasts. Use the same step in panels and rules.',
        )}
        choices={steps}
        unset={withoutStep}
      />
      <ChoiceField
        id={idOf('time-zone')}
        label={t('forecast.time-zone.label', 'Time zone')}
        tooltip={t(
          'forecast.time-zone.tooltip',
          'Days begin by the wall clock of this time zone: an office that opens at nine does so after the clocks have changed, too.',
        )}
        value={query.timeZone}
        choices={zones}
        unset={withoutZone}
        custom="text"
        onChange={(timeZone) => onChange({ timeZone })}
      />
      <ChoiceField<QueryChoice<'seasons'>>
        id={idOf('seasons')}
        label={t('forecast.seasons.label', 'Season')}
        value={query.seasons === 'auto' ? undefined : query.seasons}
        choices={seasons}
        unset={withoutSeasons}
        onChange={(chosen) => onChange({ seasons: chosen })}
      />
      <TextField
        id={idOf('holidays')}
        label={t('forecast.holidays.label', 'Holidays')}
        tooltip={t(
          'forecast.holidays.tooltip',
          'Dates that neither teach nor alarm, for example 2026-12-24, 2026-12-25.',
        )}
        placeholder={t('forecast.holidays.placeholder', 'None, or dates')}
        value={query.holidays?.join(', ') ?? ''}
        faultOf={holidaysFault}
        onCommit={(text) => onChange({ holidays: text === '' ? undefined : datesOf(text) })}
      />
    </EditorRow>
  );
}

/** How wide the band is, what counts as an anomaly, and how far ahead is shown. */
export function AnomalyFields({
  query,
  onChange,
  idOf,
  forRule,
}: Omit<Fields, 'metric'> & Pick<SectionProps, 'forRule'>) {
  const directions = useMemo(directionChoices, []);
  const bothSides = useMemo(() => ({ label: t('forecast.direction.both', 'Both sides') }), []);
  const showsBands = !forRule && (query.forecastAs === undefined || query.forecastAs === 'bands');
  return (
    <EditorRow>
      <ChoiceField<QueryChoice<'direction'>>
        id={idOf('direction')}
        label={t('forecast.direction.label', 'Direction')}
        tooltip={t('forecast.direction.tooltip', 'The score of the other side is 0.')}
        value={query.direction === 'both' ? undefined : query.direction}
        choices={directions}
        unset={bothSides}
        onChange={(direction) => onChange({ direction })}
      />
      <TextField
        id={idOf('min-change')}
        label={t('forecast.min-change.label', 'Min change')}
        tooltip={t(
          'forecast.min-change.tooltip',
          'Smaller deviations from the expected value are not anomalies. In the unit of the measure.',
        )}
        placeholder={String(MIN_CHANGE.default)}
        width={12}
        value={query.minChange === undefined ? '' : String(query.minChange)}
        faultOf={minChangeFault}
        onCommit={(text) => onChange({ minChange: numberOf(text) })}
      />
      <TextField
        id={idOf('for-steps')}
        label={t('forecast.for-steps.label', 'Steps in a row')}
        tooltip={t(
          'forecast.for-steps.tooltip',
          'Of anomalies and the backtest: fewer anomalous steps in a row do not count. In a rule, use its pending period.',
        )}
        inputMode="numeric"
        placeholder={String(FOR_STEPS.default)}
        width={12}
        value={query.forSteps === undefined ? '' : String(query.forSteps)}
        faultOf={stepsFault}
        onCommit={(text) => onChange({ forSteps: numberOf(text) })}
      />
      <TextField
        id={idOf('band')}
        label={t('forecast.band.label', 'Band')}
        tooltip={t('forecast.band.tooltip', 'Share of the steps that the band should hold, 0.5 to 0.999.')}
        placeholder={String(BAND.default)}
        width={12}
        value={query.band === undefined ? '' : String(query.band)}
        faultOf={bandFault}
        onCommit={(text) => onChange({ band: numberOf(text) })}
      />
      {showsBands && (
        <TextField
          id={idOf('horizon')}
          label={t('forecast.horizon.label', 'Horizon')}
          tooltip={t(
            'forecast.horizon.tooltip',
            'How far ahead is shown, at most 14d. Choose a time range that ends in the future to see it, for example now+1d.',
          )}
          placeholder={t('forecast.horizon.placeholder', 'To the end of the range')}
          value={query.horizon ?? ''}
          faultOf={horizonFault}
          onCommit={(text) => onChange({ horizon: text === '' ? undefined : text })}
        />
      )}
    </EditorRow>
  );
}

const numberOf = (text: string): number | undefined => (text === '' ? undefined : Number(text));
const datesOf = (text: string): string[] => text.split(/[\s,;]+/).filter((date) => date !== '');

function holidaysFault(text: string): string | undefined {
  const wrong = datesOf(text).find((date) => !/^\d{4}-\d{2}-\d{2}$/.test(date) && !holdsVariable(date));
  if (wrong === undefined) return undefined;
  return t('forecast.holidays.invalid', '"{{date}}" is not a date. Enter dates such as 2026-12-24.', {
    date: wrong,
  });
}

function minChangeFault(text: string): string | undefined {
  if (text === '' || (Number.isFinite(Number(text)) && Number(text) >= 0)) return undefined;
  return t('forecast.min-change.invalid', 'Enter a number, 0 or more.');
}

function stepsFault(text: string): string | undefined {
  if (text === '' || (Number.isInteger(Number(text)) && Number(text) >= 1 && Number(text) <= MOST_STEPS)) {
    return undefined;
  }
  return t('events.limit.invalid', 'Enter a whole number from 1 to {{most, number}}.', { most: MOST_STEPS });
}
const MOST_STEPS = 10_000;

function bandFault(text: string): string | undefined {
  if (text === '' || (Number(text) >= 0.5 && Number(text) <= 0.999)) return undefined;
  return t('forecast.band.invalid', 'Enter a number from 0.5 to 0.999.');
}

function horizonFault(text: string): string | undefined {
  if (text === '' || text === '0' || holdsVariable(text) || isDuration(text)) return undefined;
  return t('forecast.horizon.invalid', '"{{text}}" is not a valid duration. Enter one such as 6h or 1d.', {
    text,
  });
}
