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
/** Above this share of requested series, one scan of sessions is cheaper than a scan for each. */
const SCAN_SHARE = 0.25;
/** A step of a scan of buckets takes as long as this many look-ups. */
const LOOKUPS_PER_STEP = 3;

/** Points of the requested series in label order (SeriesStore.read). */
export async function readPoints(
  env: Environment,
  state: MetricState,
  request: ReadRequest,
): Promise<readonly SeriesPoints[]> {
  const reader = new PointReader(env, state, request);
  for (const bucket of reader.buckets()) {
    if (state.layout.irregular) await reader.sessions(bucket);
    else if (reader.isSparse) await reader.scan(bucket);
    else await reader.look(bucket);
  }
  return reader.result();
}

class PointReader {
  private readonly ids: readonly number[];
  private readonly wanted: ReadonlySet<number> | null;
  private readonly columns = new Map<number, PointColumns>();
  private readonly range: SlotRange;
  private rows = ROWS;
  private found = 0;
  private steps = 0;
  private looked = 0;
  private hits = 0;
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
    this.ids = request.seriesIds === null ? [...state.series.idsAfter(0)] : [...this.wanted!];
  }

  /** Whether so few series have points, as far as they were looked up, that a scan of a bucket takes less time. */
  get isSparse(): boolean {
    const density = (this.hits + 1) / (this.looked + 1);
    return density * this.state.series.size * LOOKUPS_PER_STEP < this.ids.length;
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
    if (!layout.irregular && this.wanted !== null)
      this.rows = Math.min(MOST_ROWS_AT_FIRST, Math.max(ROWS, chosen.length * layout.windows));
    return chosen.sort((a, b) => a - b);
  }

  /** Reads one bucket by looking up each requested series, or all. */
  async look(bucket: number): Promise<void> {
    const { id, layout } = this.state;
    const key = bucketKey(id, bucket, 0);
    for (const seriesId of this.ids) {
      const value = this.env.points.getBinaryFast(withSeries(key, seriesId));
      this.looked += 1;
      if (value !== undefined) {
        this.hits += 1;
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
    if (this.ids.length > this.state.series.size * SCAN_SHARE) {
      await this.sessionRange(bucketBound(id, bucket), bucketBound(id, bucket + 1));
      return;
    }
    for (const seriesId of this.ids) {
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
