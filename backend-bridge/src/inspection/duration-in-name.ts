/** Durations in the names of topics. */
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

const WORDS: readonly (readonly [words: RegExp, unitMs: number])[] = [
  [/^(s|sec|secs|second|seconds|secondly)$/, UNITS.s],
  [/^(m|min|mins|minute|minutes|minutely)$/, UNITS.m],
  [/^(h|hr|hrs|hour|hours|hourly)$/, UNITS.h],
  [/^(d|day|days|daily)$/, UNITS.d],
];

const unitMs = (word: string | undefined): number | undefined =>
  word === undefined ? undefined : WORDS.find(([words]) => words.test(word))?.[1];

/** The duration that a topic's name speaks of: `orders_per_minute`, `sales-5m`, `hourly.visits`; null: none. */
export function durationInName(snakeName: string): number | null {
  const parts = snakeName.split('_');
  for (const [i, part] of parts.entries()) {
    const [, digits, word] = /^(\d+)([a-z]+)$/.exec(part) ?? [];
    const joined = unitMs(word);
    if (joined !== undefined) return Number(digits) * joined;
    const next = unitMs(parts[i + 1]);
    if (/^\d+$/.test(part) && next !== undefined) return Number(part) * next;
    if ((part === 'per' || part === 'by' || part === 'every') && next !== undefined) return next;
    if (part.endsWith('ly') && unitMs(part) !== undefined) return unitMs(part)!;
  }
  return null;
}
