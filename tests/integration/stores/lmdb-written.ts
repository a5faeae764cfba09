import type { PointWrite } from '../../../backend-bridge/src/domain/point';
import { metricOf, MINUTE } from './store-rig';

/** What lmdb-writer.ts writes: the record of an offset is always the same. */
export const WRITTEN = metricOf({ name: 'written', retentionMs: 10 * 365 * 24 * 60 * MINUTE });
export const SLICE = 200;
export const IN_FLIGHT = 6;

const SERIES = 37;
const WINDOWS = 9_000;
const BASE = 1_790_000_000_000 - (1_790_000_000_000 % MINUTE);

export function record(offset: number): PointWrite {
  const startMs = BASE + ((offset * 7) % WINDOWS) * MINUTE;
  return {
    values: [`s${offset % SERIES}`],
    startMs,
    endMs: startMs + MINUTE,
    measures: [offset],
    removed: offset % 11 === 0,
    keyHash: offset % SERIES,
    offset,
    incarnation: 1,
  };
}
