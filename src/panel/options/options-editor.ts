import type { SelectableValue } from '@grafana/data';
import { alertOptions } from './alert-options';
import { cardOptions } from './card-options';
import { DEFAULT_OPTIONS, type Section, type Show } from './panel-options';
import { queryOption, type Builder, type MultiChoice } from './query-option';

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
const SECTION_CHOICES: SelectableValue<Section>[] = [
  { value: 'connection', label: 'Header' },
  { value: 'alerts', label: 'Alerts' },
  { value: 'cards', label: 'KPI cards' },
  { value: 'status', label: 'System status' },
];
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
