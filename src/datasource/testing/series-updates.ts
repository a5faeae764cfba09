import type { Labels } from '../live/series-labels';
import type { SeriesUpdate } from '../live/stream-message';

/** `[time, value, revision]`. */
export type WrittenPoint = readonly [number, number | null, number];

/** Points of one series, as a message or an answer brings them; removals are `[time, revision]`. */
export const seriesUpdate = (
  points: readonly WrittenPoint[],
  removed: readonly (readonly [number, number])[] = [],
  { labels = {}, openFromMs = null }: { labels?: Labels; openFromMs?: number | null } = {},
): SeriesUpdate => ({
  labels,
  times: points.map(([time]) => time),
  values: points.map(([, value]) => value),
  revisions: points.map(([, , revision]) => revision),
  removed: removed.map(([time]) => time),
  removedRevisions: removed.map(([, revision]) => revision),
  openFromMs,
});
