import React, { useMemo, useState } from 'react';
import type { SelectableValue } from '@grafana/data';
import { FieldValidationMessage, MultiSelect } from '@grafana/ui';
import { t } from '../../../locales/translate';
import { escapeRe2 } from '../../interpolation';
import type { FilterOperator } from '../../query';
import { useDimensionValues, type DimensionSource } from './dimension-values';
import { useVariableNames } from './template-variables';

interface ValuesFieldProps {
  readonly id: string;
  /** For screen readers; the field has no label that is seen. */
  readonly name: string;
  readonly source: DimensionSource;
  readonly op: FilterOperator;
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
}

/**
 * Values of a dimension: chosen from those the bridge knows, or typed and added with Enter.
 * MultiSelect, because MultiCombobox ignores Enter after a new text.
 */
export function ValuesField({ id, name, source, op, values, onChange }: ValuesFieldProps) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState('');
  const variables = useVariableNames();
  const byPattern = op === '=~' || op === '!~';
  const completion = useDimensionValues(source, byPattern ? '' : typed, opened);
  const options = useMemo(
    () => [
      ...completion.values.map((value) => ({
        value: byPattern ? escapeRe2(value) : value,
        label: shown(value),
      })),
      ...variables.map((variable) => ({
        value: variable,
        label: variable,
        description: t('fields.template-variable', 'Template variable'),
      })),
    ],
    [completion.values, variables, byPattern],
  );
  const selected = useMemo(() => values.map((value) => ({ value, label: shown(value) })), [values]);
  return (
    <>
      <MultiSelect<string>
        inputId={id}
        aria-label={name}
        options={options}
        value={selected}
        isLoading={completion.loading}
        placeholder={
          byPattern
            ? t('filters.values.type-pattern', 'Type a pattern, then Enter')
            : t('filters.values.choose', 'Choose or type values')
        }
        noOptionsMessage={
          byPattern
            ? t('filters.values.pattern-hint', 'Type a pattern (RE2, matched in full)')
            : t('filters.values.none', 'No known values: type one')
        }
        allowCustomValue
        // On devices with a touch screen it would, and who types the next value would type it nowhere.
        blurInputOnSelect={false}
        allowCreateWhileLoading
        isValidNewOption={(text) => text !== '' && !options.some(({ value }) => value === text)}
        onOpenMenu={() => setOpened(true)}
        onCloseMenu={() => setOpened(false)}
        onInputChange={(text, { action }) => setTyped(action === 'input-change' ? text : '')}
        onChange={(chosen: SelectableValue<string>[]) => onChange(chosen.flatMap(({ value }) => value ?? []))}
      />
      {completion.fault !== undefined && (
        <FieldValidationMessage>
          {t(
            'filters.values.failed',
            'Values of "{{dimension}}" could not be loaded: {{reason}} You can type them.',
            { dimension: source.dimension, reason: completion.fault },
          )}
        </FieldValidationMessage>
      )}
    </>
  );
}

/** A series without the dimension has the empty text there. */
const shown = (value: string): string => (value === '' ? t('filters.values.empty', '(none)') : value);
