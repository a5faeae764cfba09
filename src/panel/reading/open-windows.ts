import type { DataFrame, Field } from '@grafana/data';
import { frameMeta } from '../../frames/frame-meta';

const holdsOpenWindows = (frame: DataFrame): boolean => frameMeta(frame)?.open_windows === true;

/**
 * The frames with open windows that stand apart put back behind the closed ones of their series: a card tells them
 * apart by itself. Those without a closed window stay alone.
 */
export function withOpenWindowsJoined(frames: readonly DataFrame[]): readonly DataFrame[] {
  if (!frames.some(holdsOpenWindows)) return frames;
  const closed = new Map<string, DataFrame>();
  for (const frame of frames) if (!holdsOpenWindows(frame)) closed.set(seriesOf(frame), frame);
  const open = new Map<DataFrame, DataFrame>();
  for (const frame of frames.filter(holdsOpenWindows)) {
    const before = closed.get(seriesOf(frame));
    if (before !== undefined) open.set(before, frame);
  }
  const joined = new Set(open.values());
  return frames
    .filter((frame) => !joined.has(frame))
    .map((frame) => {
      const more = open.get(frame);
      return more === undefined ? frame : appended(frame, more);
    });
}

const seriesOf = ({ refId, fields }: DataFrame): string =>
  JSON.stringify([refId, Object.entries(fields[1]?.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))]);

const appended = (frame: DataFrame, more: DataFrame): DataFrame => ({
  ...frame,
  length: frame.length + more.length,
  fields: frame.fields.map((field, index): Field => {
    const { calcs: _, ...state } = field.state ?? {};
    return { ...field, state, values: field.values.concat(more.fields[index]?.values ?? []) };
  }),
});
