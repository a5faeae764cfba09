const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** Whole milliseconds as durations are written in the metrics file: `500ms`, `90s`, `5m`, `24h` as `1d`. */
export function durationText(ms: number): string {
  const [unitMs, unit] = UNITS.find(([each]) => ms >= each && ms % each === 0) ?? [1, 'ms'];
  return `${ms / unitMs}${unit}`;
}
