import { t as translate } from '@grafana/i18n';

type Values = Readonly<Record<string, unknown>>;

/** Cache of translated texts: panels need the same ones ten times a second, and i18next is slow. */
const made = new Map<string, string>();
const MOST_MADE = 2_000;

/** To be called when the texts of a language are there: what was made before is English. */
export const forgetTexts = (): void => made.clear();

/**
 * The text of a key in the user's language; the English one stands beside the key. Values are put in for `{{name}}`
 * as they are, without escaping: React escapes what it shows, and a metric may be named "a & b". With a `count`,
 * English has the two forms `defaultValue_one` and `defaultValue_other`; other languages have those of their grammar.
 */
export function t(key: string, english: string, values?: Values): string {
  const asked = values === undefined ? key : `${key} ${JSON.stringify(values)}`;
  const before = made.get(asked);
  if (before !== undefined) return before;
  const text = translate(key, english, { interpolation: { escapeValue: false }, ...values });
  if (made.size >= MOST_MADE) made.clear();
  made.set(asked, text);
  return text;
}

/** A count as the user's language writes it: `1,234` or `1.234`. */
export const formatNumber = (value: number): string => t('number', '{{value, number}}', { value });

/** A number within a sentence, to four digits: `1,235` or `1.235`; all of a whole number up to a million. */
export const formatShort = (value: number): string =>
  Math.abs(value) >= 1_000 && Math.abs(value) < 1_000_000
    ? formatNumber(Math.round(value))
    : t('number-short', '{{value, number(maximumSignificantDigits: 4)}}', { value });
