import {
  FieldColorModeId,
  getDisplayProcessor,
  type DataFrame,
  type DisplayValue,
  type Field,
  type GrafanaTheme2,
  type InterpolateFunction,
  type LinkModel,
  type TimeZone,
} from '@grafana/data';
import { t } from '../../locales/translate';
import type { CardFieldConfig, GoodWhen } from '../options/panel-options';
import type { ShownValue } from './card-model';

/** What turning a number into text needs to know of the panel. */
export interface DisplayContext {
  readonly theme: GrafanaTheme2;
  readonly timeZone: TimeZone;
  /** The dashboard's variables; absent outside a dashboard. */
  readonly replaceVariables?: InterpolateFunction | undefined;
}

/** Shown for "no number" where the field's options do not say otherwise, in the value's own place and elsewhere. */
export const noData = (): string => t('cards.no-data', 'No data');
const NO_VALUE = '–';

/**
 * A value by the field's unit, decimals, mappings, thresholds and colour scheme. Non-numbers (null, NaN,
 * infinity) show the field's "no value" text unless a mapping has its own text for them.
 */
export function shownValue(
  field: Field,
  value: unknown,
  context: DisplayContext,
  missing: string = NO_VALUE,
): ShownValue {
  const display =
    field.display ?? getDisplayProcessor({ field, theme: context.theme, timeZone: context.timeZone });
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const shown = display(isNumber ? value : (value ?? null));
  if (isNumber) return fromDisplay(isColored(field) ? shown : { ...shown, color: undefined }, value);
  const isMissing = isUnmapped(shown, value);
  const text = isMissing ? (field.config.noValue ?? missing) : shown.text;
  return { numeric: null, prefix: '', text, suffix: '', color: undefined, missing: isMissing };
}

/** Without thresholds, mappings or a scheme the processor returns a default grey. */
const isColored = ({ config }: Field): boolean =>
  config.thresholds !== undefined ||
  (config.mappings ?? []).length > 0 ||
  (config.color !== undefined && config.color.mode !== (FieldColorModeId.Thresholds as string));

const isUnmapped = (shown: DisplayValue, value: unknown): boolean =>
  shown.text.trim() === '' || (typeof value === 'number' && shown.text === String(value));

const fromDisplay = (
  shown: Omit<DisplayValue, 'color'> & { color?: string | undefined },
  numeric: number,
): ShownValue => ({
  numeric,
  prefix: shown.prefix ?? '',
  text: shown.text,
  suffix: shown.suffix ?? '',
  color: shown.color,
  missing: false,
});

/** A difference of two values: the field's unit and decimals, but no mapping and no threshold of it. */
export function shownDifference(field: Field, difference: number, context: DisplayContext): string {
  const { mappings: _mappings, thresholds: _thresholds, ...config } = field.config;
  const display = getDisplayProcessor({
    field: { type: field.type, config },
    theme: context.theme,
    timeZone: context.timeZone,
  });
  const shown = display(Math.abs(difference));
  return signed(difference, `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}`);
}

/** With a true minus sign, which is as wide as the plus. */
export const signed = (sign: number, text: string): string =>
  sign > 0 ? `+${text}` : sign < 0 ? `−${text}` : text;

export const wholeText = (value: ShownValue): string => `${value.prefix}${value.text}${value.suffix}`;

/** The field's links for one row, as far as the panel knows how to make them. */
export function linksOf(field: Field, row: number): LinkModel[] {
  if (field.getLinks === undefined || (field.config.links ?? []).length === 0) return [];
  return field.getLinks({ valueRowIndex: row });
}

/** Which direction is good for this field, and its target; null where it has none. */
export function cardConfig(field: Field): { readonly goodWhen: GoodWhen; readonly target: number | null } {
  const custom = field.config.custom as CardFieldConfig | undefined;
  const target = custom?.target;
  return {
    goodWhen: custom?.goodWhen ?? 'neutral',
    target: typeof target === 'number' && Number.isFinite(target) ? target : null,
  };
}

/** The field's display name with its variables filled in for this row; undefined if none is set. */
export function ownDisplayName(
  frame: DataFrame,
  field: Field,
  row: number,
  context: DisplayContext,
): string | undefined {
  const name = field.config.displayName;
  if (name === undefined || name === '') return undefined;
  if (context.replaceVariables === undefined) return name;
  return context.replaceVariables(name, {
    ...field.state?.scopedVars,
    __dataContext: { value: { data: [frame], frame, field, rowIndex: row, frameIndex: 0 } },
  });
}
