import { t as translate } from '@grafana/i18n';

type Values = Readonly<Record<string, unknown>>;

/**
 * The text of a key in the user's language; the English one stands beside the key. Values are put in for `{{name}}`
 * as they are, without escaping: React escapes what it shows, and a metric may be named "a & b". With a `count`,
 * English has the two forms `defaultValue_one` and `defaultValue_other`; other languages have those of their grammar.
 */
export const t = (key: string, english: string, values?: Values): string =>
  translate(key, english, { interpolation: { escapeValue: false }, ...values });

/** A count as the user's language writes it: `1,234` or `1.234`. */
export const formatNumber = (value: number): string => t('number', '{{value, number}}', { value });
