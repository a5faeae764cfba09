import type { SelectableValue } from '@grafana/data';
import { t } from '../../locales/translate';
import { alertOptions } from './alert-options';
import { cardOptions } from './card-options';
import { DEFAULT_OPTIONS, type Section, type Show } from './panel-options';
import { queryOption, type Builder, type MultiChoice } from './query-option';

const showChoices = (): SelectableValue<Show>[] => [
  {
    value: 'auto',
    label: t('options.show.auto', 'Automatic'),
    description: t('options.show.auto-hint', 'What the queries return'),
  },
  {
    value: 'dashboard',
    label: t('options.show.dashboard', 'Whole dashboard'),
    description: t('options.show.dashboard-hint', 'Connection, alerts, cards and system status'),
  },
  { value: 'cards', label: t('options.show.cards', 'KPI cards') },
  { value: 'alerts', label: t('options.show.alerts', 'Alert list') },
  { value: 'status', label: t('options.show.status', 'System status') },
  {
    value: 'connection',
    label: t('options.show.connection', 'Header'),
    description: t('options.show.connection-hint', 'Connection, data age and clock in one line'),
  },
  { value: 'chosen', label: t('options.show.chosen', 'Chosen sections') },
];
const sectionChoices = (): SelectableValue<Section>[] => [
  { value: 'connection', label: t('options.sections.connection', 'Header') },
  { value: 'alerts', label: t('options.sections.alerts', 'Alerts') },
  { value: 'cards', label: t('options.sections.cards', 'KPI cards') },
  { value: 'status', label: t('options.sections.status', 'System status') },
];
/** The options of the panel, by category. */
export function panelOptions(builder: Builder): void {
  builder
    .addSelect({
      path: 'show',
      name: t('options.panel.show.name', 'Show'),
      description: t(
        'options.panel.show.description',
        'What this panel is: a part of the dashboard or all of it',
      ),
      category: [t('options.category.panel', 'Panel')],
      defaultValue: DEFAULT_OPTIONS.show,
      settings: { options: showChoices() },
    })
    .addMultiSelect({
      path: 'sections',
      name: t('options.panel.sections.name', 'Sections'),
      category: [t('options.category.panel', 'Panel')],
      defaultValue: [...DEFAULT_OPTIONS.sections],
      settings: { options: sectionChoices() as MultiChoice[] },
      showIf: ({ show }) => show === 'chosen',
    });
  cardOptions(builder);
  alertOptions(builder);
  queryOption(
    builder,
    'status.queries',
    t('options.category.status', 'System status'),
    t('options.status.queries', 'Queries that feed the status; empty: found by their type'),
    'status',
  );
}
