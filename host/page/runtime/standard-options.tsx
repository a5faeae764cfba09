import {
  booleanOverrideProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldType,
  identityOverrideProcessor,
  numberOverrideProcessor,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  ThresholdsMode,
  valueMappingsOverrideProcessor,
  type Field,
  type FieldConfigPropertyItem,
} from '@grafana/data';
import { optionEditor } from './option-editors';

type Process = FieldConfigPropertyItem['process'];

interface StandardOption {
  readonly id: string;
  readonly name: string;
  readonly editor: string;
  readonly process: unknown;
  readonly shouldApply?: (field: Field) => boolean;
  readonly defaultValue?: unknown;
}

const isNumber = ({ type }: Field): boolean => type === FieldType.number;

const THRESHOLDS = {
  mode: ThresholdsMode.Absolute,
  steps: [
    { value: -Infinity, color: 'green' },
    { value: 80, color: 'red' },
  ],
};

const OPTIONS: readonly StandardOption[] = [
  { id: 'unit', name: 'Unit', editor: 'unit', process: stringOverrideProcessor },
  { id: 'min', name: 'Min', editor: 'number', process: numberOverrideProcessor, shouldApply: isNumber },
  { id: 'max', name: 'Max', editor: 'number', process: numberOverrideProcessor, shouldApply: isNumber },
  {
    id: 'fieldMinMax',
    name: 'Field min/max',
    editor: 'boolean',
    process: booleanOverrideProcessor,
    shouldApply: isNumber,
  },
  {
    id: 'decimals',
    name: 'Decimals',
    editor: 'number',
    process: numberOverrideProcessor,
    shouldApply: isNumber,
  },
  { id: 'displayName', name: 'Display name', editor: 'text', process: displayNameOverrideProcessor },
  { id: 'color', name: 'Color scheme', editor: 'fieldColor', process: identityOverrideProcessor },
  { id: 'noValue', name: 'No value', editor: 'text', process: stringOverrideProcessor },
  { id: 'links', name: 'Data links', editor: 'links', process: dataLinksOverrideProcessor },
  {
    id: 'mappings',
    name: 'Value mappings',
    editor: 'mappings',
    process: valueMappingsOverrideProcessor,
    defaultValue: [],
  },
  {
    id: 'thresholds',
    name: 'Thresholds',
    editor: 'thresholds',
    process: thresholdsOverrideProcessor,
    shouldApply: isNumber,
    defaultValue: THRESHOLDS,
  },
];

/** The options that every panel's fields have, as Grafana registers them. */
export function standardFieldOptions(): FieldConfigPropertyItem[] {
  return OPTIONS.map(({ id, name, editor, process, shouldApply, defaultValue }) => ({
    id,
    path: id,
    name,
    editor: optionEditor(editor),
    override: optionEditor(editor),
    process: process as Process,
    shouldApply: shouldApply ?? (() => true),
    category: ['Standard options'],
    settings: {},
    ...(defaultValue === undefined ? {} : { defaultValue }),
  }));
}
