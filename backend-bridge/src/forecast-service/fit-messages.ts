import type { FitJob, FittedSeries } from './fit';

/** What the bridge and its worker threads send each other. */

export interface FitRequest {
  readonly id: number;
  readonly job: FitJob;
  /** One 32-bit integer, not 0 once nobody wants the answer any more. */
  readonly cancel: SharedArrayBuffer;
}

export type FitReply =
  | { readonly id: number; readonly fitted: FittedSeries }
  | { readonly id: number; readonly cancelled: true }
  | { readonly id: number; readonly fault: string };

export interface FitWorkerData {
  readonly cacheBytes: number;
}
