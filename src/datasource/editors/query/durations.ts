const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Milliseconds the way queries save durations: `5m`, `1h30m`, `1d`. */
export function durationText(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * length;
  }
  return text === '' ? '0s' : text;
}

/** What the backend reads as a duration, for a hint while the text is being written; it has the last word. */
export const isDuration = (text: string): boolean =>
  /^(\d+(ms|s|m|h|d|w))+$/.test(text) && /[1-9]/.test(text);
