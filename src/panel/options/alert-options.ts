import { SEVERITIES } from '../severity';
import { DEFAULT_OPTIONS } from './panel-options';
import { queryOption, showsPart, type Builder, type MultiChoice } from './query-option';

const { alerts: ALERTS } = DEFAULT_OPTIONS;

const ALERT_CATEGORY = ['Alerts'];

/** Which alerts are kept and shown, and where they lead. */
export function alertOptions(builder: Builder): void {
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
        'Address with {{id}}, {{severity}}, {{value}}, {{time}}, label names such as {{user_id}} and dashboard variables such as ${segment}',
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
