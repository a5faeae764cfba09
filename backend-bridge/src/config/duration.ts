import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `24h`, `7d`; null for any other text. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2]!]!;
  return Number.isSafeInteger(ms) ? ms : null;
}

const WORDS: Readonly<Record<string, string>> = {
  w: 'd',
  sec: 's',
  min: 'm',
  hour: 'h',
  hr: 'h',
  day: 'd',
  week: 'd',
};
const DAYS_OF_A_WEEK = 7;

/** What is probably meant by `5 MINUTES`, `PT5M`, `1w`, `60`; null: nothing known. */
function meantBy(text: string): string | null {
  const [, iso, amount, word] = /^(pt?)?(\d+)\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  if (amount === undefined || word === undefined) return null;
  const lower = word.toLowerCase();
  if (lower.startsWith('milli')) return `${amount}ms`;
  const unit = Object.hasOwn(UNIT_MS, lower)
    ? lower
    : WORDS[Object.keys(WORDS).find((one) => lower.startsWith(one)) ?? ''];
  // Months are of no length.
  if (unit === undefined || (word === 'M' && iso?.toLowerCase() !== 'pt')) return null;
  return `${lower.startsWith('w') ? Number(amount) * DAYS_OF_A_WEEK : amount}${unit}`;
}

const noUnit = (amount: number | string): string =>
  `${amount} has no unit; write e.g. ${Number(amount) >= 1_000 && Number(amount) % 1_000 === 0 ? `${amount}ms or ` : ''}${amount}s`;

function invalidDuration(text: string): string {
  if (/^\d+$/.test(text.trim())) return noUnit(text.trim());
  if (/^\s*-/.test(text)) {
    return `"${text}" is not a valid duration, as it is negative; an offset of -8h of windows of 1d is 16h`;
  }
  const meant = meantBy(text);
  const examples = meant === null ? 'e.g. 500ms, 30s, 5m, 24h or 7d' : meant;
  return `"${text}" is not a valid duration; write ${examples}`;
}

/** Longer ones would leave the range of times. */
const LONGEST_DAYS = 100_000;

/** A duration in a settings or metrics file. Requires a unit, so that 60 is never ambiguous. */
export const duration = z
  .string({
    error: ({ input }) =>
      typeof input === 'number' ? (input < 0 ? invalidDuration(String(input)) : noUnit(input)) : undefined,
  })
  .meta({ format: 'duration' })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null && ms <= LONGEST_DAYS * UNIT_MS['d']!) return ms;
    const message = ms === null ? invalidDuration(text) : `must be at most ${LONGEST_DAYS}d`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
