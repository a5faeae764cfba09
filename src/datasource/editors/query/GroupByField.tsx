import React, { useMemo } from 'react';
import type { SelectableValue } from '@grafana/data';
import { EditorField } from '@grafana/plugin-ui';
import { MultiSelect } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { Note } from '../fields/Note';
import { holdsVariable, useVariableNames } from '../fields/template-variables';
import { dimensionChoices, notCombinable } from './catalogue-choices';
import type { SectionProps } from './section';

/** Represents `groupBy: []`: no dimension has the empty name. */
const ALL_COMBINED = '';

interface GroupByFieldProps extends Omit<SectionProps, 'client' | 'forRule'> {
  /** Events are counted: without a dimension there is one total, and counts always add up. */
  readonly ofCounts?: boolean;
}

/** Every series on its own, all combined, or combined by dimensions. */
export function GroupByField({
  query,
  onChange,
  metric,
  measure,
  idOf,
  ofCounts = false,
}: GroupByFieldProps) {
  const variables = useVariableNames();
  const { groupBy } = query;
  const reason = ofCounts ? undefined : notCombinable(measure);
  const options = useMemo(
    () => [
      ...(ofCounts ? [] : [{ value: ALL_COMBINED, label: t('query.group-by.all', 'All combined') }]),
      ...dimensionChoices(metric).map(({ value, label }) => ({ value, label })),
      ...variables.map((name) => ({ value: name, label: name })),
    ],
    [metric, variables, ofCounts],
  );
  const selected = useMemo(() => {
    if (groupBy === undefined) return [];
    if (groupBy.length > 0)
      return groupBy.map((name) => options.find(({ value }) => value === name) ?? asOption(name));
    return options.filter(({ value }) => value === ALL_COMBINED);
  }, [groupBy, options]);

  const lacking = groupBy?.find(
    (name) =>
      metric !== undefined && !holdsVariable(name) && !metric.dimensions.some((known) => known.name === name),
  );
  if (metric?.dimensions.length === 0 && groupBy === undefined) return null;
  if (reason !== undefined && groupBy === undefined) return <Note>{reason}</Note>;
  const fault =
    reason !== undefined
      ? t('query.group-by.remove', '{{reason}} Remove the grouping.', { reason })
      : lacking !== undefined && metric !== undefined
        ? t(
            'query.group-by.unknown',
            '"{{metric}}" has no dimension "{{dimension}}". Remove it from the grouping.',
            { metric: metric.title || metric.name, dimension: lacking },
          )
        : undefined;
  const id = idOf('group-by');
  const label = ofCounts ? t('query.count-by.label', 'Count by') : t('query.group-by.label', 'Group by');
  return (
    <EditorField
      label={label}
      htmlFor={id}
      invalid={fault !== undefined}
      {...(fault === undefined ? {} : { error: fault })}
    >
      <MultiSelect<string>
        inputId={id}
        aria-label={label}
        options={options}
        value={selected}
        placeholder={
          ofCounts ? t('query.count-by.total', 'One total') : t('query.group-by.every', 'Every series')
        }
        allowCustomValue={metric === undefined}
        noOptionsMessage={t('query.group-by.none', 'No other dimensions')}
        width={44}
        isClearable
        blurInputOnSelect={false}
        onChange={(chosen: SelectableValue<string>[]) => onChange({ groupBy: grouping(chosen, groupBy) })}
      />
    </EditorField>
  );
}

const asOption = (name: string) => ({ value: name, label: name });

/** What was chosen last decides between "all combined" and dimensions. */
function grouping(
  chosen: readonly SelectableValue<string>[],
  former: readonly string[] | undefined,
): readonly string[] | undefined {
  const names = chosen.flatMap(({ value }) => value ?? []);
  if (names.length === 0) return undefined;
  const wasCombined = former?.length === 0;
  if (names.includes(ALL_COMBINED) && !(wasCombined && names.length > 1)) return [];
  return names.filter((name) => name !== ALL_COMBINED);
}
