import { t } from '../../locales/translate';
import { severityWords } from '../alerts/severity-words';
import { SEVERITIES } from '../severity';
import { DEFAULT_OPTIONS } from './panel-options';
import { queryOption, showsPart, type Builder, type MultiChoice } from './query-option';

const { alerts: ALERTS } = DEFAULT_OPTIONS;

const EXAMPLE_LABEL = '{{user_id}}';
const EXAMPLE_LINK = `/d/users?var-user=${EXAMPLE_LABEL}`;
const alertCategory = (): string[] => [t('options.category.alerts', 'Alerts')];

/** Which alerts are kept and shown, and where they lead. */
export function alertOptions(builder: Builder): void {
  const common = { category: alertCategory(), showIf: showsPart('alerts') };
  queryOption(
    builder,
    'alerts.queries',
    t('options.category.alerts', 'Alerts'),
    t('options.alerts.queries', 'Queries that feed the alerts; empty: found by their type'),
    'alerts',
  );
  builder
    .addNumberInput({
      ...common,
      path: 'alerts.keep',
      name: t('options.alerts.keep.name', 'Max alerts'),
      description: t('options.alerts.keep.description', 'Newest alerts that the panel keeps'),
      defaultValue: ALERTS.keep,
      settings: { min: 1, max: 500, integer: true },
    })
    .addNumberInput({
      ...common,
      path: 'alerts.show',
      name: t('options.alerts.show.name', 'Visible'),
      description: t('options.alerts.show.description', 'Of these, before "Show all" is pressed'),
      defaultValue: ALERTS.show,
      settings: { min: 1, max: 500, integer: true },
    })
    .addMultiSelect({
      ...common,
      path: 'alerts.severities',
      name: t('options.alerts.severities.name', 'Severities'),
      description: t('options.alerts.severities.description', 'Empty: all'),
      defaultValue: [...ALERTS.severities],
      settings: {
        options: SEVERITIES.map((value) => ({
          value,
          label: severityWords(value).name,
        })) as MultiChoice[],
      },
    })
    .addRadio({
      ...common,
      path: 'alerts.state',
      name: t('options.alerts.state.name', 'State'),
      defaultValue: ALERTS.state,
      settings: {
        options: [
          { value: 'all', label: t('events.state.all', 'All') },
          { value: 'open', label: t('events.state.open', 'Open') },
          { value: 'resolved', label: t('events.state.resolved', 'Resolved') },
        ],
      },
    })
    .addBooleanSwitch({
      ...common,
      path: 'alerts.filter',
      name: t('options.alerts.filter.name', 'Severity buttons'),
      defaultValue: ALERTS.filter,
    })
    .addTextInput({
      ...common,
      path: 'alerts.link',
      name: t('options.alerts.link.name', 'Link'),
      description: t(
        'options.alerts.link.description',
        'Address with {{placeholders}}, label names such as {{label}} and dashboard variables such as {{variable}}',
        {
          placeholders: '{{id}}, {{severity}}, {{value}}, {{time}}',
          label: EXAMPLE_LABEL,
          variable: '${segment}',
        },
      ),
      defaultValue: ALERTS.link,
      settings: { placeholder: EXAMPLE_LINK },
    })
    .addTextInput({
      ...common,
      path: 'alerts.linkTitle',
      name: t('options.alerts.linkTitle.name', 'Link title'),
      defaultValue: ALERTS.linkTitle,
      showIf: (options) => common.showIf(options) && options.alerts.link !== '',
    });
}
