import React, { useMemo } from 'react';
import { InlineFieldRow } from '@grafana/ui';
import { OVER_TIME, type Fill, type OverTime } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import { holdsVariable } from '../fields/template-variables';
import { overTimeChoices, overTimeLabel, stepChoices } from './catalogue-choices';
import { durationText, isDuration } from './durations';
import type { SectionProps } from './section';

const FILLS: readonly Choice<Fill>[] = [
  { value: 'zero', label: 'Zero', description: 'A window without a record counts as 0' },
  { value: 'null', label: 'Null', description: 'The line breaks where a window is missing' },
];
const NO_FILL = { label: 'None', description: 'Missing windows are left out' };

/** How windows become points: step, rule, and what stands for missing ones. */
export function SeriesFields({ query, onChange, metric, measure, forRule, idOf }: SectionProps) {
  const steps = useMemo(() => stepChoices(metric), [metric]);
  const rules = useMemo(
    () => overTimeChoices(measure === undefined ? OVER_TIME : measure.over_time_choices),
    [measure],
  );
  const ruleByDefault = useMemo(
    () => ({
      label: measure === undefined ? 'Default' : `Default: ${overTimeLabel(measure.over_time).toLowerCase()}`,
      description: "The measure's own rule",
    }),
    [measure],
  );
  const stepByDefault = useMemo(() => {
    const window = metric?.steps_ms[0];
    const one = window === undefined ? 'One window' : `One window (${durationText(window)})`;
    return forRule
      ? { label: `Auto: ${one.toLowerCase()}`, description: "A rule does not depend on a panel's width" }
      : { label: 'Auto', description: "From the panel's width" };
  }, [metric, forRule]);
  // Sessions have no fixed places in time that could be stepped or filled.
  if (metric?.window.type === 'session') return null;
  return (
    <InlineFieldRow>
      <ChoiceField
        id={idOf('step')}
        label="Step"
        tooltip="Distance between points. Longer steps join whole windows; a step in between is rounded up."
        value={query.step === 'auto' ? undefined : query.step}
        choices={steps}
        unset={stepByDefault}
        custom="text"
        error={stepFault(query.step)}
        faultOf={stepFault}
        onChange={(step) => onChange({ step })}
      />
      <ChoiceField<OverTime>
        id={idOf('over-time')}
        label="Over time"
        tooltip="How the windows of one step become one value."
        value={query.overTime}
        choices={rules}
        unset={ruleByDefault}
        error={
          query.overTime === undefined ||
          holdsVariable(query.overTime) ||
          rules.some(({ value }) => value === query.overTime)
            ? undefined
            : `This measure does not combine by "${query.overTime}". Choose another rule.`
        }
        onChange={(overTime) => onChange({ overTime })}
      />
      <ChoiceField<Fill>
        id={idOf('fill')}
        label="Fill gaps"
        value={query.fill === 'none' ? undefined : query.fill}
        choices={FILLS}
        unset={NO_FILL}
        onChange={(fill) => onChange({ fill })}
      />
    </InlineFieldRow>
  );
}

function stepFault(step: string | undefined): string | undefined {
  if (step === undefined || step === 'auto' || step === 'window' || holdsVariable(step) || isDuration(step)) {
    return undefined;
  }
  return `"${step}" is not a valid duration. Write one such as 5m or 1h.`;
}
