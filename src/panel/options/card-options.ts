import type { FieldConfigEditorBuilder, SelectableValue } from '@grafana/data';
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

const STAT_CHOICES: SelectableValue<CardStat>[] = [
  { value: 'last', label: 'Last' },
  { value: 'avg', label: 'Average' },
  { value: 'min', label: 'Minimum' },
  { value: 'max', label: 'Maximum' },
  { value: 'sum', label: 'Sum' },
  { value: 'count', label: 'Count' },
];
const DELTA_CHOICES: SelectableValue<DeltaAgainst>[] = [
  {
    value: 'auto',
    label: 'Automatic',
    description: 'A query with a time shift if there is one, else the window before',
  },
  { value: 'previous', label: 'Previous window' },
  {
    value: 'earlier',
    label: 'Same time earlier',
    description: 'Needs a second query of the metric with a time shift',
  },
  { value: 'none', label: 'None' },
];
const DELTA_AS_CHOICES: SelectableValue<DeltaAs>[] = [
  { value: 'percent', label: 'Percent' },
  { value: 'absolute', label: 'Difference' },
  { value: 'both', label: 'Both' },
];
const COLOR_CHOICES: SelectableValue<ColorMode>[] = [
  { value: 'value', label: 'Value' },
  { value: 'background', label: 'Background' },
  { value: 'none', label: 'None' },
];
const TABLE_CHOICES: SelectableValue<TableCards>[] = [
  { value: 'auto', label: 'Automatic', description: 'One card a row for tables without a time' },
  { value: 'rows', label: 'One card a row' },
  { value: 'reduce', label: 'One card a column' },
];

const CARD_CATEGORY = ['KPI cards'];

/** What cards show and how. */
export function cardOptions(builder: Builder): void {
  const common = { category: CARD_CATEGORY, showIf: showsPart('cards') };
  queryOption(
    builder,
    'cards.queries',
    'KPI cards',
    'Queries that feed the cards; empty: found by their kind',
    'cards',
  );
  builder
    .addSelect({
      ...common,
      path: 'cards.stat',
      name: 'Value',
      defaultValue: CARDS.stat,
      settings: { options: STAT_CHOICES },
    })
    .addTextInput({
      ...common,
      path: 'cards.title',
      name: 'Title',
      description: 'Text with {{title}}, {{metric}}, {{measure}} and label names such as {{segment}}',
      defaultValue: CARDS.title,
      settings: { placeholder: 'From the metric and its labels' },
    })
    .addRadio({
      ...common,
      path: 'cards.colorMode',
      name: 'Color',
      defaultValue: CARDS.colorMode,
      settings: { options: COLOR_CHOICES },
    })
    .addSelect({
      ...common,
      path: 'cards.delta',
      name: 'Compare with',
      defaultValue: CARDS.delta,
      settings: { options: DELTA_CHOICES },
    })
    .addRadio({
      ...common,
      path: 'cards.deltaAs',
      name: 'Change as',
      defaultValue: CARDS.deltaAs,
      settings: { options: DELTA_AS_CHOICES },
      showIf: (options) => common.showIf(options) && options.cards.delta !== 'none',
    })
    .addBooleanSwitch({
      ...common,
      path: 'cards.sparkline',
      name: 'Sparkline',
      description: 'From a series query of the same metric',
      defaultValue: CARDS.sparkline,
    })
    .addBooleanSwitch({
      ...common,
      path: 'cards.stats',
      name: 'Min, max, average',
      defaultValue: CARDS.stats,
    })
    .addBooleanSwitch({ ...common, path: 'cards.updated', name: 'Last updated', defaultValue: CARDS.updated })
    .addNumberInput({
      ...common,
      path: 'cards.staleAfter',
      name: 'Stale after missed windows',
      description: 'A value is marked old when so many windows should have come since; 0: never',
      defaultValue: CARDS.staleAfter,
      settings: { min: 0, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'cards.columns',
      name: 'Columns',
      description: '0: as fits best',
      defaultValue: CARDS.columns,
      settings: { min: 0, max: 24, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'cards.limit',
      name: 'Most cards',
      defaultValue: CARDS.limit,
      settings: { min: 1, max: 200, integer: true },
    })
    .addSelect({
      ...common,
      path: 'cards.tables',
      name: "Other sources' tables",
      defaultValue: CARDS.tables,
      settings: { options: TABLE_CHOICES },
    });
}

const GOOD_CHOICES: SelectableValue<GoodWhen>[] = [
  { value: 'neutral', label: 'Neither' },
  { value: 'up', label: 'Up' },
  { value: 'down', label: 'Down' },
];

/** Options of a field, so that an override can set them for one query or column. */
export function fieldOptions(builder: FieldConfigEditorBuilder<CardFieldConfig>): void {
  builder
    .addRadio({
      path: 'goodWhen',
      name: 'Better when',
      description: 'Which direction of change is good news',
      category: CARD_CATEGORY,
      defaultValue: 'neutral',
      settings: { options: GOOD_CHOICES },
    })
    .addNumberInput({
      path: 'target',
      name: 'Target',
      description: 'A number to reach; where down is better, one to stay below',
      category: CARD_CATEGORY,
      settings: { placeholder: 'None' },
    });
}
