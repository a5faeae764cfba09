import type { Field } from '@grafana/data';
import type { GoodWhen } from '../options/panel-options';
import type { Delta, Target } from './card-model';
import { shownDifference, shownValue, signed, wholeText, type DisplayContext } from './shown-value';

/** Compares two numbers; null if one of them is missing. */
export function compare(
  field: Field,
  value: number | null,
  base: number | null,
  versus: string,
  goodWhen: GoodWhen,
  context: DisplayContext,
): Delta | null {
  if (value === null || base === null) return null;
  const difference = value - base;
  const direction = difference > 0 ? 'up' : difference < 0 ? 'down' : 'same';
  return {
    absolute: shownDifference(field, difference, context),
    percent: percentText(difference, base),
    direction,
    judged: goodWhen !== 'neutral',
    good: direction === 'same' || goodWhen === 'neutral' ? null : direction === goodWhen,
    versus,
    base: shownValue(field, base, context),
  };
}

/** Change in percent of the earlier value; null if that was 0 and the value changed. */
export function percentText(difference: number, base: number): string | null {
  if (difference === 0) return '0%';
  if (base === 0) return null;
  const percent = (Math.abs(difference) / Math.abs(base)) * 100;
  if (!Number.isFinite(percent)) return null;
  if (percent >= 9999.5) return signed(difference, '>9999%');
  const digits = percent >= 99.95 ? 0 : percent >= 9.95 ? 1 : percent >= 0.005 ? 2 : 0;
  const text = percent < 0.005 ? '<0.01' : trimZeros(percent.toFixed(digits));
  return signed(difference, `${text}%`);
}

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/**
 * Progress of a value towards a target. Where down is good the target is a ceiling: it is kept while the value
 * is not above it, and the share says how much of it is used up.
 */
export function towards(
  field: Field,
  value: number | null,
  target: number | null,
  goodWhen: GoodWhen,
  context: DisplayContext,
): Target | null {
  if (target === null) return null;
  const atMost = goodWhen === 'down';
  const number = value ?? 0;
  const share = target === 0 ? (number === 0 ? 1 : number > 0 === atMost ? 2 : 0) : number / target;
  return {
    text: wholeText({ ...shownValue(field, target, context), color: undefined }),
    share: value === null ? 0 : Math.max(0, share),
    reached: value !== null && (atMost ? value <= target : value >= target),
    atMost,
  };
}
