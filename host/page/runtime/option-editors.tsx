import type { SelectableValue, StandardEditorProps, StandardEditorsRegistryItem } from '@grafana/data';
import { Input, MultiSelect, RadioButtonGroup, Select, Switch, TextArea, UnitPicker } from '@grafana/ui';
import React, { useState } from 'react';

type Props = StandardEditorProps<unknown, { options?: SelectableValue[] }>;
type Editor = React.FunctionComponent<Props>;

const change = ({ onChange }: Props, value: unknown): void => onChange(value);
const label = ({ item }: Props): string => item.name;

const TextEditor: Editor = (props) => (
  <Input
    aria-label={label(props)}
    value={(props.value as string | undefined) ?? ''}
    onChange={({ currentTarget }) => change(props, currentTarget.value)}
  />
);

const NumberEditor: Editor = (props) => (
  <Input
    type="number"
    aria-label={label(props)}
    value={(props.value as number | undefined) ?? ''}
    onChange={({ currentTarget }) =>
      change(props, currentTarget.value === '' ? undefined : Number(currentTarget.value))
    }
  />
);

const BooleanEditor: Editor = (props) => (
  <Switch
    aria-label={label(props)}
    value={Boolean(props.value)}
    onChange={({ currentTarget }) => change(props, currentTarget.checked)}
  />
);

const RadioEditor: Editor = (props) => (
  <RadioButtonGroup
    aria-label={label(props)}
    value={props.value}
    options={props.item.settings?.options ?? []}
    onChange={(value) => change(props, value)}
  />
);

const SelectEditor: Editor = (props) => (
  <Select
    aria-label={label(props)}
    value={props.value as string}
    options={props.item.settings?.options ?? []}
    onChange={({ value }) => change(props, value)}
  />
);

const MultiSelectEditor: Editor = (props) => (
  <MultiSelect
    aria-label={label(props)}
    value={props.value as string[]}
    options={props.item.settings?.options ?? []}
    onChange={(chosen) =>
      change(
        props,
        chosen.map(({ value }) => value as unknown),
      )
    }
  />
);

const UnitEditor: Editor = (props) => (
  <UnitPicker value={props.value as string} onChange={(value) => change(props, value)} />
);

/** What has an editor of its own in Grafana is edited as JSON here. */
const JsonEditor: Editor = (props) => {
  const [text, setText] = useState(JSON.stringify(props.value ?? null));
  const [fault, setFault] = useState('');
  const take = (): void => {
    try {
      change(props, JSON.parse(text) as unknown);
      setFault('');
    } catch (reason) {
      setFault(String(reason));
    }
  };
  return (
    <>
      <TextArea
        aria-label={`${label(props)} as JSON`}
        value={text}
        rows={3}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={take}
      />
      {fault !== '' && <div role="alert">{fault}</div>}
    </>
  );
};

const EDITORS: Readonly<Record<string, Editor>> = {
  text: TextEditor,
  number: NumberEditor,
  slider: NumberEditor,
  boolean: BooleanEditor,
  radio: RadioEditor,
  select: SelectEditor,
  'multi-select': MultiSelectEditor,
  unit: UnitEditor,
  'field-name': TextEditor,
  color: TextEditor,
  timezone: TextEditor,
  'dashboard-uid': TextEditor,
};

const AS_JSON = ['links', 'actions', 'stats-picker', 'strings', 'fieldColor', 'mappings', 'thresholds'];

export const optionEditor = (id: string): Editor => EDITORS[id] ?? JsonEditor;

/** Every editor that a panel plugin can ask for by name. */
export const optionEditors = (): StandardEditorsRegistryItem[] =>
  [...Object.keys(EDITORS), ...AS_JSON].map((id) => ({
    id,
    name: id,
    description: '',
    editor: optionEditor(id),
  }));
