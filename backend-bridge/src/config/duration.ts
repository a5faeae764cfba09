import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `24h`, `7d`; null when the text is none of these. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2]!]!;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** A duration in a settings or metrics file. Requires a unit, so that 60 is never ambiguous. */
export const duration = z
  .string({
    error: ({ input }) =>
      typeof input === 'number' ? `${input} has no unit; write e.g. ${input}s` : undefined,
  })
  .meta({ format: 'duration' })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms === null) {
      context.addIssue({
        code: 'custom',
        message: `"${text}" is not a valid duration; write e.g. 500ms, 30s, 5m, 24h or 7d`,
      });
      return z.NEVER;
    }
    return ms;
  });
