import { t } from '../../../locales/translate';
import type { QueryChoice } from '../../query';
import type { Choice } from '../fields/ChoiceField';

const FOR_PANELS_ONLY: readonly QueryChoice<'forecastAs'>[] = ['bands', 'anomalies', 'backtest'];

export const forecastForms = (forRule: boolean): readonly Choice<QueryChoice<'forecastAs'>>[] =>
  allForms().filter(({ value }) => (forRule ? !FOR_PANELS_ONLY.includes(value) : value !== 'bands'));

const allForms = (): readonly Choice<QueryChoice<'forecastAs'>>[] => [
  {
    value: 'score',
    label: t('forecast.as.score', 'Score'),
    description: t('forecast.as.score-hint', 'Anomalous from 1 or -1 on; negative below what was expected'),
  },
  {
    value: 'anomalous',
    label: t('forecast.as.anomalous', 'Anomalous'),
    description: t('forecast.as.anomalous-hint', '1 for an anomalous step, otherwise 0'),
  },
  {
    value: 'anomalous_share',
    label: t('forecast.as.share', 'Share of anomalous steps'),
    description: t('forecast.as.share-hint', 'One number per series, 0 to 1'),
  },
  { value: 'expected', label: t('forecast.as.expected', 'Expected') },
  { value: 'lower', label: t('forecast.as.lower', 'Lower end of the band') },
  { value: 'upper', label: t('forecast.as.upper', 'Upper end of the band') },
  {
    value: 'anomalies',
    label: t('forecast.as.anomalies', 'Anomalies'),
    description: t('forecast.as.anomalies-hint', 'A table for the alert list, newest first'),
  },
  {
    value: 'backtest',
    label: t('forecast.as.backtest', 'Backtest'),
    description: t('forecast.as.backtest-hint', 'How good the forecasts of the range were'),
  },
];

export const formByDefault = (forRule: boolean) =>
  forRule
    ? {
        label: t('forecast.as.default-score', 'Default: score'),
        description: t('query.rule-needs-number', 'A rule needs a number'),
      }
    : {
        label: t('forecast.as.bands', 'Value and band'),
        description: t('forecast.as.bands-hint', 'What is expected, with the steps ahead'),
      };

export const seasonChoices = (): readonly Choice<QueryChoice<'seasons'>>[] => [
  {
    value: 'day',
    label: t('forecast.seasons.day', 'Day'),
    description: t('forecast.seasons.day-hint', 'All days are alike'),
  },
  {
    value: 'week',
    label: t('forecast.seasons.week', 'Week'),
    description: t('forecast.seasons.week-hint', 'No band before two weeks of history'),
  },
];

export const seasonsByDefault = () => ({
  label: t('forecast.seasons.auto', 'Auto'),
  description: t('forecast.seasons.auto-hint', 'Day, and week where the data shows one'),
});

export const directionChoices = (): readonly Choice<QueryChoice<'direction'>>[] => [
  { value: 'up', label: t('forecast.direction.up', 'Above only') },
  { value: 'down', label: t('forecast.direction.down', 'Below only') },
];

/** That of the browser first, as most series follow the day of those who watch them. */
export function timeZoneChoices(): readonly Choice[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const others = Intl.supportedValuesOf('timeZone').filter((zone) => zone !== own && zone !== 'UTC');
  return [
    ...(own === 'UTC'
      ? []
      : [{ value: own, label: own, description: t('forecast.time-zone.own', "This browser's") }]),
    ...others.map((zone) => ({ value: zone, label: zone })),
  ];
}
