import { RequestError } from '../domain/errors';
import { bucketOf, readBucket, readSlot, type SlotRange } from '../domain/packed-point';
import { PointColumns, type SeriesPoints } from '../domain/point';
import type { ReadRequest } from '../domain/store';
import type { Environment } from './environment';
import type { MetricState } from './metric-state';
import { bucketBound, bucketKey, seriesIn, sessionKey, startIn, withSeries } from './point-keys';

/** A long read yields after this time. */
const TURN_MS = 8;
/** Steps between two checks of the clock. */
const STEPS = 64;
/** Initial rows of a series' columns, which grow. */
const ROWS = 64;
const MOST_ROWS_AT_FIRST = 4_096;
/** Above this share of requested series, one scan is cheaper than single lookups. */
const SCAN_SHARE = 0.25;

/** Points of the requested series in label order (SeriesStore.read). */
export async function readPoints(
  env: Environment,
  state: MetricState,
  request: ReadRequest,
): Promise<readonly SeriesPoints[]> {
  const reader = new PointReader(env, state, request);
  for (const bucket of reader.buckets()) {
    if (state.layout.irregular) await reader.sessions(bucket);
    else if (reader.scans) await reader.scan(bucket);
    else await reader.look(bucket);
  }
  return reader.result();
}

class PointReader {
  readonly scans: boolean;
  private readonly wanted: ReadonlySet<number> | null;
  private readonly columns = new Map<number, PointColumns>();
  private readonly range: SlotRange;
  private rows = ROWS;
  private found = 0;
  private steps = 0;
  private turnEnds = performance.now() + TURN_MS;

  constructor(
    private readonly env: Environment,
    private readonly state: MetricState,
    private readonly request: ReadRequest,
  ) {
    const { retentionMs, sizeMs, irregular } = state.layout;
    // Fixed windows that begin at or before this have expired, so their buckets need not be read.
    const cut = irregular ? 0 : request.nowMs - retentionMs - sizeMs;
    this.range = { fromMs: Math.max(0, cut, request.fromMs), toMs: request.toMs, nowMs: request.nowMs };
    this.wanted = request.seriesIds === null ? null : new Set(request.seriesIds);
    this.scans = this.wanted === null || this.wanted.size > state.series.size * SCAN_SHARE;
  }

  /** Numbers of the buckets that may hold points of the range, ascending. */
  buckets(): readonly number[] {
    const { layout, buckets } = this.state;
    const first = bucketOf(layout, this.range.fromMs);
    const chosen: number[] = [];
    for (const bucket of buckets) {
      if (bucket >= first && bucket * layout.spanMs < this.range.toMs) chosen.push(bucket);
    }
    // Single series are usually read in full: allocating for it saves growing, and garbage.
    if (!layout.irregular && !this.scans)
      this.rows = Math.min(MOST_ROWS_AT_FIRST, Math.max(ROWS, chosen.length * layout.windows));
    return chosen.sort((a, b) => a - b);
  }

  /** Reads one bucket by looking up each requested series. */
  async look(bucket: number): Promise<void> {
    const { id, layout } = this.state;
    const key = bucketKey(id, bucket, 0);
    for (const seriesId of this.wanted!) {
      const value = this.env.points.getBinaryFast(withSeries(key, seriesId));
      if (value !== undefined) {
        // LMDB's buffer is longer than the value; `length` is that of the value.
        const view = new DataView(value.buffer, value.byteOffset, value.length);
        this.count(readBucket(layout, view, bucket, this.range, this.columnsOf(seriesId)));
      }
      if (this.turnIsOver()) await this.nextTurn();
    }
  }

  /** Reads one bucket by scanning all series. */
  async scan(bucket: number): Promise<void> {
    const { id, layout } = this.state;
    const bounds = { start: bucketBound(id, bucket), end: bucketBound(id, bucket + 1) };
    for (const { key, value } of this.env.points.getRange(bounds)) {
      const seriesId = seriesIn(key);
      if (this.wanted === null || this.wanted.has(seriesId)) {
        const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
        this.count(readBucket(layout, view, bucket, this.range, this.columnsOf(seriesId)));
      }
      if (this.turnIsOver()) await this.nextTurn();
    }
  }

  async sessions(bucket: number): Promise<void> {
    const { id } = this.state;
    if (this.scans) {
      await this.sessionRange(bucketBound(id, bucket), bucketBound(id, bucket + 1));
      return;
    }
    for (const seriesId of this.wanted!) {
      await this.sessionRange(
        sessionKey(id, bucket, seriesId, this.range.fromMs),
        bucketKey(id, bucket, seriesId + 1),
      );
    }
  }

  result(): readonly SeriesPoints[] {
    const answer: SeriesPoints[] = [];
    for (const { id, values } of this.state.series.list()) {
      const points = this.columns.get(id);
      if (points !== undefined && points.length > 0) answer.push({ seriesId: id, values, points });
    }
    return answer;
  }

  private async sessionRange(start: Buffer, end: Buffer): Promise<void> {
    const { layout } = this.state;
    for (const { key, value } of this.env.points.getRange({ start, end })) {
      const seriesId = seriesIn(key);
      if (this.wanted === null || this.wanted.has(seriesId)) {
        const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
        if (readSlot(layout, view, 0, startIn(key), this.range, this.columnsOf(seriesId))) this.count(1);
      }
      if (this.turnIsOver()) await this.nextTurn();
    }
  }

  private columnsOf(seriesId: number): PointColumns {
    let columns = this.columns.get(seriesId);
    if (columns === undefined) {
      const { measures, firstSeenAt } = this.state.layout;
      columns = new PointColumns(measures, this.rows, firstSeenAt >= 0);
      this.columns.set(seriesId, columns);
    }
    return columns;
  }

  private count(points: number): void {
    this.found += points;
    if (this.found <= this.request.maxPoints) return;
    throw new RequestError(
      'range_too_large',
      `The range holds more than ${this.request.maxPoints} points; request a shorter range, fewer series or a stronger filter`,
      { max_points: this.request.maxPoints },
    );
  }

  private turnIsOver(): boolean {
    this.steps += 1;
    return this.steps % STEPS === 0 && performance.now() >= this.turnEnds;
  }

  private async nextTurn(): Promise<void> {
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        this.turnEnds = performance.now() + TURN_MS;
        resolve();
      });
    });
    this.request.signal?.throwIfAborted();
  }
}
