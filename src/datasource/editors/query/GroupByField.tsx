import React, { useMemo } from 'react';
import type { SelectableValue } from '@grafana/data';
import { InlineField, MultiSelect } from '@grafana/ui';
import { LABEL_WIDTH } from '../fields/field-layout';
import { Note } from '../fields/Note';
import { holdsVariable, useVariableNames } from '../fields/template-variables';
import { dimensionChoices, notCombinable } from './catalogue-choices';
import type { SectionProps } from './section';

/** Stands for `groupBy: []`: no dimension has the empty name. */
const ALL_COMBINED = { value: '', label: 'All combined' };

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
      ...(ofCounts ? [] : [ALL_COMBINED]),
      ...dimensionChoices(metric).map(({ value, label }) => ({ value, label })),
      ...variables.map((name) => ({ value: name, label: name })),
    ],
    [metric, variables, ofCounts],
  );
  const selected = useMemo(() => {
    if (groupBy === undefined) return [];
    if (groupBy.length > 0)
      return groupBy.map((name) => options.find(({ value }) => value === name) ?? asOption(name));
    return ofCounts ? [] : [ALL_COMBINED];
  }, [groupBy, options, ofCounts]);

  const lacking = groupBy?.find(
    (name) =>
      metric !== undefined && !holdsVariable(name) && !metric.dimensions.some((known) => known.name === name),
  );
  if (metric?.dimensions.length === 0 && groupBy === undefined) return null;
  if (reason !== undefined && groupBy === undefined) return <Note>{reason}</Note>;
  const fault =
    reason !== undefined
      ? `${reason} Remove the grouping.`
      : lacking !== undefined && metric !== undefined
        ? `"${metric.title || metric.name}" has no dimension "${lacking}". Remove it from the grouping.`
        : undefined;
  const id = idOf('group-by');
  return (
    <InlineField
      label={ofCounts ? 'Count by' : 'Group by'}
      labelWidth={LABEL_WIDTH}
      htmlFor={id}
      shrink
      invalid={fault !== undefined}
      {...(fault === undefined ? {} : { error: fault })}
    >
      <MultiSelect<string>
        inputId={id}
        aria-label={ofCounts ? 'Count by' : 'Group by'}
        options={options}
        value={selected}
        placeholder={ofCounts ? 'One total' : 'Every series'}
        allowCustomValue={metric === undefined}
        noOptionsMessage="No other dimensions"
        width={44}
        isClearable
        blurInputOnSelect={false}
        onChange={(chosen: SelectableValue<string>[]) => onChange({ groupBy: grouping(chosen, groupBy) })}
      />
    </InlineField>
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
  if (names.includes(ALL_COMBINED.value) && !(wasCombined && names.length > 1)) return [];
  return names.filter((name) => name !== ALL_COMBINED.value);
}
