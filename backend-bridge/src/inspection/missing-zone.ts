import { present } from './fields';
import { nearlyAll, unsure, type Note } from './sample';
import { frequencies } from './spacing';
import type { TimeField } from './time-fields';
import type { DetectedWindow, SeenWindow } from './windows';

/** Texts with a time of day and nothing behind it. */
const WITHOUT_ZONE = /\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/;
const HALF_HOUR_MS = 1_800_000;
/** How long after its window's end a record may be written. */
const DELAY_MS = 600_000;
const FEW_RECORDS = 5;

/** By how much local times are ahead of UTC, if the records were written at the ends of their windows; 0: not at all. */
function aheadMs(seen: readonly SeenWindow[], { window }: DetectedWindow): number {
  const distances = seen.flatMap(({ startMs, endMs, timestampMs }) => {
    const size = 'sizeMs' in window ? window.sizeMs : undefined;
    const end = endMs ?? (startMs === undefined || size === undefined ? undefined : startMs + size);
    // A timestamp of the window's start does not show its end.
    if (end === undefined || timestampMs < 0 || timestampMs === startMs) return [];
    return [end - timestampMs];
  });
  const [[usual, count] = [0, 0]] = frequencies(
    distances.map((distance) => Math.round((distance + DELAY_MS / 2) / HALF_HOUR_MS) * HALF_HOUR_MS),
  );
  const close = distances.filter((distance) => distance <= usual && distance > usual - DELAY_MS);
  const isSure = distances.length >= FEW_RECORDS && nearlyAll(count, seen.length);
  return isSure && nearlyAll(close.length, seen.length) ? usual : 0;
}

/** A doubt about bounds in texts without a zone that lie hours beside the timestamps of their records. */
export function zoneNotes(
  bounds: readonly (TimeField | null)[],
  seen: readonly SeenWindow[],
  window: DetectedWindow,
): Note[] {
  const isLocal = bounds.some(
    (bound) =>
      bound?.unit === 'text' &&
      present(bound.field).every((value) => typeof value === 'string' && WITHOUT_ZONE.test(value.trim())),
  );
  const ahead = isLocal ? aheadMs(seen, window) : 0;
  if (ahead === 0) return [];
  const hours = Math.abs(ahead) / 3_600_000;
  return [
    unsure(
      `its texts have no zone and are ${hours} h ${ahead > 0 ? 'ahead of' : 'behind'} the timestamps of their records: they are read as UTC; if they are local times, say the zone, e.g. \`timezone: ${ahead > 0 ? 'Asia/Shanghai' : 'America/New_York'}\``,
    ),
  ];
}
