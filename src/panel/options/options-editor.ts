import type { FieldConfigEditorBuilder, PanelOptionsEditorBuilder, SelectableValue } from '@grafana/data';
import { SEVERITIES } from '../severity';
import {
  DEFAULT_OPTIONS,
  type CardFieldConfig,
  type CardStat,
  type ColorMode,
  type DeltaAgainst,
  type DeltaAs,
  type GoodWhen,
  type KpiPanelOptions,
  type Section,
  type Show,
  type TableCards,
} from './panel-options';

const { cards: CARDS, alerts: ALERTS } = DEFAULT_OPTIONS;

const SHOW_CHOICES: SelectableValue<Show>[] = [
  { value: 'auto', label: 'Automatic', description: 'What the queries give' },
  {
    value: 'dashboard',
    label: 'Whole dashboard',
    description: 'Connection, alerts, cards and system status',
  },
  { value: 'cards', label: 'KPI cards' },
  { value: 'alerts', label: 'Alert list' },
  { value: 'status', label: 'System status' },
  { value: 'connection', label: 'Header', description: 'Connection, data age and clock in one line' },
  { value: 'chosen', label: 'Chosen sections' },
];
/** What a multi-select offers: its types take an option's value for the whole selection's. */
type MultiChoice = SelectableValue<never>;

const SECTION_CHOICES: SelectableValue<Section>[] = [
  { value: 'connection', label: 'Header' },
  { value: 'alerts', label: 'Alerts' },
  { value: 'cards', label: 'KPI cards' },
  { value: 'status', label: 'System status' },
];
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

type Builder = PanelOptionsEditorBuilder<KpiPanelOptions>;

/** The options of the panel, by category. */
export function panelOptions(builder: Builder): void {
  builder
    .addSelect({
      path: 'show',
      name: 'Show',
      description: 'What this panel is: a part of the dashboard or all of it',
      category: ['Panel'],
      defaultValue: DEFAULT_OPTIONS.show,
      settings: { options: SHOW_CHOICES },
    })
    .addMultiSelect({
      path: 'sections',
      name: 'Sections',
      category: ['Panel'],
      defaultValue: [...DEFAULT_OPTIONS.sections],
      settings: { options: SECTION_CHOICES as MultiChoice[] },
      showIf: ({ show }) => show === 'chosen',
    });
  cardOptions(builder);
  alertOptions(builder);
  queryOption(
    builder,
    'status.queries',
    'System status',
    'Queries that feed the status; empty: found by their kind',
    'status',
  );
}

const showsPart =
  (part: Section) =>
  (options: KpiPanelOptions): boolean =>
    options.show === 'auto' ||
    options.show === 'dashboard' ||
    options.show === part ||
    (options.show === 'chosen' && options.sections.includes(part));

const CARD_CATEGORY = ['KPI cards'];

function cardOptions(builder: Builder): void {
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

const ALERT_CATEGORY = ['Alerts'];

function alertOptions(builder: Builder): void {
  const common = { category: ALERT_CATEGORY, showIf: showsPart('alerts') };
  queryOption(
    builder,
    'alerts.queries',
    'Alerts',
    'Queries that feed the alerts; empty: found by their kind',
    'alerts',
  );
  builder
    .addNumberInput({
      ...common,
      path: 'alerts.keep',
      name: 'Kept',
      description: 'Newest alerts that can be shown',
      defaultValue: ALERTS.keep,
      settings: { min: 1, max: 500, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'alerts.show',
      name: 'Shown',
      description: 'Of the kept ones, without pressing "Show all"',
      defaultValue: ALERTS.show,
      settings: { min: 1, max: 500, integer: true },
    })
    .addMultiSelect({
      ...common,
      path: 'alerts.severities',
      name: 'Severities',
      description: 'Empty: all',
      defaultValue: [...ALERTS.severities],
      settings: {
        options: SEVERITIES.map((value) => ({
          value,
          label: value.charAt(0).toUpperCase() + value.slice(1),
        })) as MultiChoice[],
      },
    })
    .addRadio({
      ...common,
      path: 'alerts.state',
      name: 'State',
      defaultValue: ALERTS.state,
      settings: {
        options: [
          { value: 'all', label: 'All' },
          { value: 'open', label: 'Open' },
          { value: 'resolved', label: 'Resolved' },
        ],
      },
    })
    .addBooleanSwitch({
      ...common,
      path: 'alerts.filter',
      name: 'Severity buttons',
      defaultValue: ALERTS.filter,
    })
    .addTextInput({
      ...common,
      path: 'alerts.link',
      name: 'Link',
      description:
        'Address with {{id}}, {{severity}}, {{value}}, {{time}} and label names such as {{user_id}}',
      defaultValue: ALERTS.link,
      settings: { placeholder: '/d/users?var-user={{user_id}}' },
    })
    .addTextInput({
      ...common,
      path: 'alerts.linkTitle',
      name: 'Link title',
      defaultValue: ALERTS.linkTitle,
      showIf: (options) => common.showIf(options) && options.alerts.link !== '',
    });
}

type QueriesPath = 'cards.queries' | 'alerts.queries' | 'status.queries';

/** A choice among the panel's queries by their refIds. */
function queryOption(
  builder: Builder,
  path: QueriesPath,
  category: string,
  description: string,
  part: Section,
): void {
  builder.addMultiSelect({
    path,
    name: 'Queries',
    description,
    category: [category],
    defaultValue: NO_QUERIES,
    settings: { options: [], getOptions: refIdChoices },
    showIf: showsPart(part),
  });
}

const NO_QUERIES: string[] = [];

/** The queries whose answers the panel has. */
function refIdChoices(context: QueryContext): Promise<MultiChoice[]> {
  const refIds = new Set(
    (context.data ?? []).map(({ refId }) => refId).filter((refId) => refId !== undefined),
  );
  return Promise.resolve([...refIds].sort().map((value) => ({ value, label: value })) as MultiChoice[]);
}

interface QueryContext {
  readonly data?: readonly { readonly refId?: string }[];
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
