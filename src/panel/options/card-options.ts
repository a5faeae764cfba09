import type { FieldConfigEditorBuilder, SelectableValue } from '@grafana/data';
import { t } from '../../locales/translate';
import {
  DEFAULT_OPTIONS,
  type CardFieldConfig,
  type CardStat,
  type ColorMode,
  type DeltaAgainst,
  type DeltaAs,
  type GoodWhen,
  type TableCards,
} from './panel-options';
import { queryOption, showsPart, type Builder } from './query-option';

const { cards: CARDS } = DEFAULT_OPTIONS;

const statChoices = (): SelectableValue<CardStat>[] => [
  { value: 'last', label: t('options.stat.last', 'Last') },
  { value: 'avg', label: t('options.stat.avg', 'Average') },
  { value: 'min', label: t('options.stat.min', 'Minimum') },
  { value: 'max', label: t('options.stat.max', 'Maximum') },
  { value: 'sum', label: t('options.stat.sum', 'Sum') },
  { value: 'count', label: t('options.stat.count', 'Count') },
];
const deltaChoices = (): SelectableValue<DeltaAgainst>[] => [
  {
    value: 'auto',
    label: t('options.delta.auto', 'Automatic'),
    description: t(
      'options.delta.auto-hint',
      'A query with a time shift if there is one, else the window before',
    ),
  },
  { value: 'previous', label: t('options.delta.previous', 'Previous window') },
  {
    value: 'earlier',
    label: t('options.delta.earlier', 'Same time earlier'),
    description: t('options.delta.earlier-hint', 'Needs a second query of the metric with a time shift'),
  },
  { value: 'none', label: t('options.delta.none', 'None') },
];
const deltaAsChoices = (): SelectableValue<DeltaAs>[] => [
  { value: 'percent', label: t('options.delta-as.percent', 'Percent') },
  { value: 'absolute', label: t('options.delta-as.absolute', 'Difference') },
  { value: 'both', label: t('options.delta-as.both', 'Both') },
];
const colorChoices = (): SelectableValue<ColorMode>[] => [
  { value: 'value', label: t('options.color.value', 'Value') },
  { value: 'background', label: t('options.color.background', 'Background') },
  { value: 'none', label: t('options.color.none', 'None') },
];
const tableChoices = (): SelectableValue<TableCards>[] => [
  {
    value: 'auto',
    label: t('options.tables.auto', 'Automatic'),
    description: t('options.tables.auto-hint', 'One card per row for tables without a time'),
  },
  { value: 'rows', label: t('options.tables.rows', 'One card per row') },
  { value: 'reduce', label: t('options.tables.reduce', 'One card per column') },
];

const cardCategory = (): string[] => [t('options.category.cards', 'KPI cards')];

/** What cards show and how. */
export function cardOptions(builder: Builder): void {
  const common = { category: cardCategory(), showIf: showsPart('cards') };
  queryOption(
    builder,
    'cards.queries',
    t('options.category.cards', 'KPI cards'),
    t('options.cards.queries', 'Queries that feed the cards; empty: found by their type'),
    'cards',
  );
  builder
    .addSelect({
      ...common,
      path: 'cards.stat',
      name: t('options.cards.stat.name', 'Value'),
      defaultValue: CARDS.stat,
      settings: { options: statChoices() },
    })
    .addTextInput({
      ...common,
      path: 'cards.title',
      name: t('options.cards.title.name', 'Title'),
      description: t(
        'options.cards.title.description',
        'Text with dashboard variables, {{placeholders}} and label names such as {{example}}',
        { placeholders: '{{title}}, {{metric}}, {{measure}}', example: '{{segment}}' },
      ),
      defaultValue: CARDS.title,
      settings: { placeholder: t('options.cards.title.placeholder', 'From the metric and its labels') },
    })
    .addRadio({
      ...common,
      path: 'cards.colorMode',
      name: t('options.cards.colorMode.name', 'Color'),
      defaultValue: CARDS.colorMode,
      settings: { options: colorChoices() },
    })
    .addSelect({
      ...common,
      path: 'cards.delta',
      name: t('options.cards.delta.name', 'Compare with'),
      defaultValue: CARDS.delta,
      settings: { options: deltaChoices() },
    })
    .addRadio({
      ...common,
      path: 'cards.deltaAs',
      name: t('options.cards.deltaAs.name', 'Change as'),
      defaultValue: CARDS.deltaAs,
      settings: { options: deltaAsChoices() },
      showIf: (options) => common.showIf(options) && options.cards.delta !== 'none',
    })
    .addBooleanSwitch({
      ...common,
      path: 'cards.sparkline',
      name: t('options.cards.sparkline.name', 'Sparkline'),
      description: t('options.cards.sparkline.description', 'From a series query of the same metric'),
      defaultValue: CARDS.sparkline,
    })
    .addBooleanSwitch({
      ...common,
      path: 'cards.stats',
      name: t('options.cards.stats.name', 'Min, max, average'),
      defaultValue: CARDS.stats,
    })
    .addBooleanSwitch({
      ...common,
      path: 'cards.updated',
      name: t('options.cards.updated.name', 'Last updated'),
      defaultValue: CARDS.updated,
    })
    .addNumberInput({
      ...common,
      path: 'cards.staleAfter',
      name: t('options.cards.staleAfter.name', 'Stale after missed windows'),
      description: t(
        'options.cards.staleAfter.description',
        'A value is marked as stale when this number of windows is overdue; 0: never',
      ),
      defaultValue: CARDS.staleAfter,
      settings: { min: 0, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'cards.columns',
      name: t('options.cards.columns.name', 'Columns'),
      description: t('options.cards.columns.description', '0: best fit'),
      defaultValue: CARDS.columns,
      settings: { min: 0, max: 24, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'cards.limit',
      name: t('options.cards.limit.name', 'Max cards'),
      defaultValue: CARDS.limit,
      settings: { min: 1, max: 200, integer: true },
    })
    .addSelect({
      ...common,
      path: 'cards.tables',
      name: t('options.cards.tables.name', "Other sources' tables"),
      defaultValue: CARDS.tables,
      settings: { options: tableChoices() },
    });
}

const goodChoices = (): SelectableValue<GoodWhen>[] => [
  { value: 'neutral', label: t('options.good.neutral', 'Neither') },
  { value: 'up', label: t('options.good.up', 'Up') },
  { value: 'down', label: t('options.good.down', 'Down') },
];

/** Options of a field, so that an override can set them for one query or column. */
export function fieldOptions(builder: FieldConfigEditorBuilder<CardFieldConfig>): void {
  builder
    .addRadio({
      path: 'goodWhen',
      name: t('options.cards.goodWhen.name', 'Better when'),
      description: t('options.cards.goodWhen.description', 'Which direction of change is good news'),
      category: cardCategory(),
      defaultValue: 'neutral',
      settings: { options: goodChoices() },
    })
    .addNumberInput({
      path: 'target',
      name: t('options.cards.target.name', 'Target'),
      description: t(
        'options.cards.target.description',
        'A number to reach; where down is better, one to stay below',
      ),
      category: cardCategory(),
      settings: { placeholder: t('options.cards.target.placeholder', 'None') },
    });
}
