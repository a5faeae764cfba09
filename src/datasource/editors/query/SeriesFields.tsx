import React, { useMemo } from 'react';
import { EditorRow } from '@grafana/plugin-ui';
import { t } from '../../../locales/translate';
import { QUERY_SCHEMA, type OverTime, type QueryChoice } from '../../query';
import { ChoiceField, type Choice } from '../fields/ChoiceField';
import { holdsVariable } from '../fields/template-variables';
import { overTimeChoices, overTimeLabel, stepChoices } from './catalogue-choices';
import { durationText } from './durations';
import type { SectionProps } from './section';
import { StepField } from './StepField';

const fillChoices = (): readonly Choice<QueryChoice<'fill'>>[] => [
  {
    value: 'zero',
    label: t('query.fill.zero', 'Zero'),
    description: t('query.fill.zero-hint', 'A window without a record counts as 0'),
  },
  {
    value: 'null',
    label: t('query.fill.null', 'Null'),
    description: t('query.fill.null-hint', 'The line breaks where a window is missing'),
  },
];
const noFill = () => ({
  label: t('query.fill.none', 'None'),
  description: t('query.fill.none-hint', 'Missing windows are left out'),
});

/** How windows become points: step, aggregation and fill. */
export function SeriesFields({ query, onChange, metric, measure, forRule, idOf }: SectionProps) {
  const steps = useMemo(() => stepChoices(metric), [metric]);
  const rules = useMemo(
    () => overTimeChoices(measure === undefined ? QUERY_SCHEMA.overTime.choices : measure.over_time_choices),
    [measure],
  );
  const fills = useMemo(fillChoices, []);
  const withoutFill = useMemo(noFill, []);
  const ruleByDefault = useMemo(
    () => ({
      label:
        measure === undefined
          ? t('query.default', 'Default')
          : t('query.default-of', 'Default: {{name}}', { name: overTimeLabel(measure.over_time) }),
      description: t('query.over-time.default-hint', "The measure's own rule"),
    }),
    [measure],
  );
  const stepByDefault = useMemo(() => {
    const window = metric?.steps_ms[0];
    if (!forRule) {
      return {
        label: t('query.step.auto', 'Auto'),
        description: t('query.step.auto-hint', "From the panel's width"),
      };
    }
    return {
      label:
        window === undefined
          ? t('query.step.auto-window', 'Auto: one window')
          : t('query.step.auto-window-of', 'Auto: one window ({{window}})', { window: durationText(window) }),
      description: t('query.step.rule-hint', "A rule does not depend on a panel's width"),
    };
  }, [metric, forRule]);
  // Sessions, sliding windows and local days have no fixed distance that could be stepped or filled.
  if (metric !== undefined && metric.steps_ms.length === 0) return null;
  return (
    <EditorRow>
      <StepField
        query={query}
        onChange={onChange}
        idOf={idOf}
        tooltip={t(
          'query.step.tooltip',
          'Interval between points. Longer steps combine whole windows; a step in between is rounded up.',
        )}
        choices={steps}
        unset={stepByDefault}
      />
      <ChoiceField<OverTime>
        id={idOf('over-time')}
        label={t('query.over-time.label', 'Over time')}
        tooltip={t('query.over-time.tooltip', 'How the windows of one step become one value.')}
        value={query.overTime}
        choices={rules}
        unset={ruleByDefault}
        error={
          query.overTime === undefined ||
          holdsVariable(query.overTime) ||
          rules.some(({ value }) => value === query.overTime)
            ? undefined
            : t(
                'query.over-time.unknown',
                'This measure does not combine by "{{rule}}". Choose another rule.',
                { rule: query.overTime },
              )
        }
        onChange={(overTime) => onChange({ overTime })}
      />
      <ChoiceField<QueryChoice<'fill'>>
        id={idOf('fill')}
        label={t('query.fill.label', 'Fill gaps')}
        value={query.fill === 'none' ? undefined : query.fill}
        choices={fills}
        unset={withoutFill}
        onChange={(fill) => onChange({ fill })}
      />
    </EditorRow>
  );
}
