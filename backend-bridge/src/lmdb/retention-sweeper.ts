import { bucketExpiresMs, slotEndMs } from '../domain/packed-point';
import type { Environment } from './environment';
import type { MetricState } from './metric-state';
import { bucketBound, bucketIn, metricBound, seriesRecordKey } from './point-keys';

/** Values deleted or sessions checked per step; a step shares its transaction with writes. */
const VALUES_PER_STEP = 2_000;
const SERIES_PER_STEP = 2_000;

/**
 * Deletes expired data in small steps. Reads cut at the retention anyway; this only frees disk space, and removes
 * series without points.
 */
export class RetentionSweeper {
  /** Position of the scan over a metric's sessions. */
  private sessionsFrom: Buffer | null = null;

  constructor(
    private readonly env: Environment,
    private readonly state: MetricState,
  ) {}

  /** Runs one step, within a transaction in which nothing is staged. Returns whether there is more to do now. */
  step(nowMs: number): boolean {
    const more = this.state.layout.irregular ? this.sweepSessions(nowMs) : this.sweepBuckets(nowMs);
    for (const seriesId of this.state.series.forgetExpired(nowMs, SERIES_PER_STEP)) {
      this.env.series.removeSync(seriesRecordKey(this.state.id, seriesId));
    }
    return more;
  }

  private sweepBuckets(nowMs: number): boolean {
    const { id, layout, buckets, history } = this.state;
    let left = VALUES_PER_STEP;
    for (const bucket of buckets) {
      if (bucketExpiresMs(layout, bucket) > nowMs) continue;
      // Not sealed yet.
      if (history !== null && (bucket + 1) * layout.spanMs > history.sealedBeforeMs) continue;
      const keys = this.keys(bucketBound(id, bucket), bucketBound(id, bucket + 1), left);
      for (const key of keys) this.env.points.removeSync(key);
      left -= keys.length;
      if (left === 0) return true;
      buckets.delete(bucket);
    }
    return false;
  }

  private sweepSessions(nowMs: number): boolean {
    const { id, layout, buckets } = this.state;
    const end = metricBound(id + 1);
    const start = this.sessionsFrom ?? metricBound(id);
    const entries = Array.from(this.env.points.getRange({ start, end, limit: VALUES_PER_STEP }));
    for (const { key, value } of entries) {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      if (slotEndMs(layout, view, 0) + layout.retentionMs <= nowMs) this.env.points.removeSync(key);
    }
    const last = entries.at(-1)?.key;
    // A session cannot have expired before its start has: later ones need not be checked.
    const reached = last !== undefined && bucketIn(last) * layout.spanMs + layout.retentionMs <= nowMs;
    if (entries.length === VALUES_PER_STEP && reached) {
      this.sessionsFrom = Buffer.concat([last, Buffer.of(0)]);
      return true;
    }
    this.sessionsFrom = null;
    for (const bucket of buckets) {
      if (bucket * layout.spanMs + layout.retentionMs > nowMs) continue;
      if (this.keys(bucketBound(id, bucket), bucketBound(id, bucket + 1), 1).length === 0)
        buckets.delete(bucket);
    }
    return false;
  }

  private keys(start: Buffer, end: Buffer, limit: number): readonly Uint8Array[] {
    return Array.from(this.env.points.getKeys({ start, end, limit }));
  }
}
