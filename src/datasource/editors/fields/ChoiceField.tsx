import React, { useMemo, useState } from 'react';
import { EditorField } from '@grafana/plugin-ui';
import { Combobox, type ComboboxOption } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { calledChoice, chosenFirst, meantChoice, nameHint } from './meant-choice';
import { useVariableNames } from './template-variables';

export interface Choice<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
  readonly description?: string | undefined;
}

export interface ChoiceFieldProps<Value extends string> {
  readonly id: string;
  readonly label: string;
  readonly tooltip?: string | undefined;
  readonly value: Value | undefined;
  readonly choices: readonly Choice<Value>[];
  /** What holds while nothing is chosen, as a choice of its own that takes the value out. */
  readonly unset?: { readonly label: string; readonly description?: string | undefined };
  /** Custom values may be typed: any `text`, or a `name`, where part of a choice selects that choice. */
  readonly custom?: 'text' | 'name' | undefined;
  /** Template variables are offered too; default true. */
  readonly variables?: boolean;
  readonly placeholder?: string;
  readonly loading?: boolean;
  readonly disabled?: boolean;
  /** Error message for the value. */
  readonly error?: string | undefined;
  /** Error message for a typed text: it is shown as invalid, and the value is kept. */
  readonly faultOf?: (text: string) => string | undefined;
  readonly width?: number;
  readonly onChange: (value: Value | undefined) => void;
}

const UNSET = '';
const NO_NAMES: readonly string[] = [];

/** One choice out of a list, in a labelled field; template variables are offered after the choices. */
export function ChoiceField<Value extends string>(props: ChoiceFieldProps<Value>) {
  const { id, label, tooltip, value, choices, unset, custom, faultOf, onChange } = props;
  const [rejected, setRejected] = useState<{ text: string; beside: Value | undefined }>();
  const refused = rejected?.beside === value ? rejected?.text : undefined;
  const error = refused === undefined ? props.error : faultOf?.(refused);
  const names = useVariableNames();
  const variables = props.variables === false ? NO_NAMES : names;
  // An unset field has its own option: without one, leaving the opened list by Tab would choose the first.
  const shown = refused ?? value ?? (unset === undefined ? null : UNSET);
  const options = useMemo(() => {
    const all = [
      ...(unset === undefined ? [] : [optionOf({ value: UNSET, ...unset })]),
      ...choices.map(optionOf),
      ...variables.map((name) =>
        optionOf({
          value: name,
          label: name,
          description: t('fields.template-variable', 'Template variable'),
        }),
      ),
    ];
    return chosenFirst(all, shown);
  }, [choices, unset, variables, shown]);
  return (
    <EditorField
      label={label}
      htmlFor={id}
      invalid={error !== undefined}
      {...(tooltip === undefined ? {} : { tooltip })}
      {...(error === undefined ? {} : { error })}
      {...(props.disabled === undefined ? {} : { disabled: props.disabled })}
    >
      <Combobox
        id={id}
        options={options}
        value={shown}
        createCustomValue={custom !== undefined}
        {...(custom === 'name' ? { customValueDescription: nameHint() } : {})}
        width={props.width ?? 24}
        // In words: Combobox's own spinner may stay after its end.
        placeholder={props.loading === true ? t('fields.loading', 'Loading …') : (props.placeholder ?? '')}
        // Of a template variable the type cannot know that its value will be one of the choices.
        onChange={(chosen: ComboboxOption | null) => {
          // After Escape some versions of Combobox pass null although the field is not clearable.
          const text = chosen?.value.trim() ?? UNSET;
          const meant = custom === 'name' ? meantChoice(text, options) : calledChoice(text, options);
          const isRefused = meant !== UNSET && faultOf?.(meant) !== undefined;
          setRejected(isRefused ? { text: meant, beside: value } : undefined);
          if (isRefused) return;
          onChange(meant === UNSET ? undefined : (meant as Value));
        }}
      />
    </EditorField>
  );
}

// The list reserves room for a description wherever the field is there at all.
const optionOf = ({ value, label, description }: Choice): ComboboxOption =>
  description === undefined || description === '' ? { value, label } : { value, label, description };
