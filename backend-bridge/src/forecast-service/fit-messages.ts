import type { FitJob, FittedSeries } from './fit';

/** Messages between the bridge and its worker threads. */

export interface FitRequest {
  readonly id: number;
  /** At least one. */
  readonly jobs: readonly FitJob[];
  /** One 32-bit integer; not 0 once the request is aborted. */
  readonly cancel: SharedArrayBuffer;
}

export type FitReply =
  /** Of the first jobs, at least one: as many as one turn has time for. */
  | { readonly id: number; readonly fitted: readonly FittedSeries[] }
  | { readonly id: number; readonly cancelled: true }
  | { readonly id: number; readonly fault: string };

export interface FitWorkerData {
  readonly cacheBytes: number;
}
