import type { DataFrame } from '@grafana/data';
import { frameMeta } from '../../../src/frames/frame-meta';

/** Frames as texts that are equal when the frames show the same, to the bit. */

/** One line a frame or row, in the order shown; numbers with every bit, what may still change included. */
export function shownBy(frames: readonly DataFrame[]): string[] {
  return frames
    .filter((frame) => frame.fields.length > 0)
    .flatMap((frame) => {
      const meta = frameMeta(frame);
      if (meta?.kind !== 'series') return rowsOf(frame);
      const [times, values] = frame.fields;
      const points = (times?.values as number[]).map((time, i) => `${time}=${bits(values?.values[i])}`);
      const labels = JSON.stringify(Object.entries(values?.labels ?? {}).sort());
      const name = values?.config.displayNameFromDS ?? '';
      const unit = values?.config.unit ?? '';
      return [`${labels} ${name} ${unit} open:${String(meta.open_from_ms)} ${points.join(' ')}`];
    });
}

/** Rows of a table; columns that are about the clock and not the numbers are left out. */
function rowsOf(frame: DataFrame): string[] {
  const columns = frame.fields.filter(({ name }) => name !== 'stale');
  return Array.from({ length: frame.length }, (_, row) =>
    columns.map(({ name, values }) => `${name}=${bits(values[row])}`).join(' '),
  );
}

function bits(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return `${JSON.stringify(value)}?`;
}

/** Where two lists of lines differ first, short enough to read. */
export function firstDifference(shown: readonly string[], due: readonly string[]): string {
  const at = Array.from({ length: Math.max(shown.length, due.length) }, (_, i) => i).find(
    (i) => shown[i] !== due[i],
  );
  if (at === undefined) return 'none';
  const [one, other] = [shown[at]?.split(' ') ?? ['nothing'], due[at]?.split(' ') ?? ['nothing']];
  const word = one.findIndex((part, i) => part !== other[i]);
  const near = (words: readonly string[]): string =>
    words.slice(Math.max(0, word - 1), word < 0 ? undefined : word + 3).join(' ');
  return `line ${at} (${one[0]!}): shown … ${near(one)} …, due … ${near(other)} … (${shown.length} and ${due.length} lines)`;
}
