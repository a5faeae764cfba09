import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import type { PointWrite } from '../../../backend-bridge/src/domain/point';
import { MINUTE, T0, type Window } from '../../support/history-windows';
import { tieredMetric } from './history-world';
import { lmdbStore } from './lmdb-rig';
import { PATIENT, redisStore } from './redis-rig';

/** What sealing-writer.ts writes: each minute of twenty series, and each third one once more a minute later. */

export const SEALED = tieredMetric('sealed');
export const SERIES = 20;
export const SLICE = 200;

export function sealedWindow(offset: number): Omit<Window, 'revision'> {
  const minute = Math.floor(offset / SERIES);
  const again = offset % 3 === 0 && minute > 0;
  return {
    series: offset % SERIES,
    minute: again ? minute - 1 : minute,
    removed: offset % 31 === 0,
    measures: [offset, offset / 8, -offset, offset / 4, offset * 2, 8],
  };
}

export function sealedRecord(offset: number): PointWrite {
  const { series, minute, removed, measures } = sealedWindow(offset);
  const startMs = T0 + minute * MINUTE;
  return {
    values: [String(series).padStart(2, '0')],
    startMs,
    endMs: startMs + MINUTE,
    measures,
    removed,
    keyHash: series + 1,
    offset,
    incarnation: 1,
  };
}

/** The clock when the slice from this offset on is written: the stream is live. */
export function clockAt(offset: number): number {
  return T0 + (Math.floor((offset + SLICE) / SERIES) + 1) * MINUTE;
}

/** `place`: a folder, or the URL of a Redis. */
export function storeAt(place: string, clock: Clock): SeriesStore {
  return place.startsWith('redis:')
    ? redisStore(place, [SEALED], PATIENT, clock)
    : lmdbStore(place, [SEALED], clock);
}
