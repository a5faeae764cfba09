import React from 'react';
import { t } from '../../../locales/translate';
import { ChoiceField, type ChoiceFieldProps } from '../fields/ChoiceField';
import { holdsVariable } from '../fields/template-variables';
import { isDuration } from './durations';
import type { SectionProps } from './section';

/** The step of a query's points; without one the step of `unset`. */
export function StepField({
  query,
  onChange,
  idOf,
  ...field
}: Pick<SectionProps, 'query' | 'onChange' | 'idOf'> &
  Pick<ChoiceFieldProps<string>, 'tooltip' | 'choices' | 'unset'>) {
  return (
    <ChoiceField
      {...field}
      id={idOf('step')}
      label={t('query.step.label', 'Step')}
      value={query.step === 'auto' ? undefined : query.step}
      custom="text"
      error={stepFault(query.step)}
      faultOf={stepFault}
      onChange={(step) => onChange({ step })}
    />
  );
}

function stepFault(step: string | undefined): string | undefined {
  if (step === undefined || step === 'auto' || step === 'window' || holdsVariable(step) || isDuration(step)) {
    return undefined;
  }
  return t('query.step.invalid', '"{{step}}" is not a valid duration. Enter one such as 5m or 1h.', { step });
}
