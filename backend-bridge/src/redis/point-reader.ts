import { RequestError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import { readBucket, readSlot, type BucketLayout } from '../domain/packed-point';
import { PointColumns, type SeriesPoints } from '../domain/point';
import { compareValues } from '../domain/series';
import type { ReadRequest } from '../domain/store';
import type { MetricKeys } from './redis-keys';
import type { Command, Pipeline, RedisLink } from './redis-link';
import type { SeenChanges } from './seen-changes';
import type { SeriesCache } from './series-cache';

export interface MetricEntry {
  /** As the metrics file has it now; its windows, dimensions and measures stay the same. */
  metric: Metric;
  layout: BucketLayout;
  readonly keys: MetricKeys;
  readonly changes: SeenChanges;
  readonly index: SeriesCache;
}

/** Up to this number of buckets are read without checking which exist. */
const DIRECT_BUCKETS = 256;
/** Keys per command: bounds how long Redis is blocked, and what is in memory at once. */
const CHUNK = 64;
const CHUNKS_IN_FLIGHT = 4;
const BUCKET_PAGE = 10_000;

/** A bucket of a series to fetch. */
interface Place {
  readonly seriesId: number;
  readonly bucket: number;
}

/** @param pipeline for the points; what finds them is read before */
export async function readPoints(
  link: RedisLink,
  entry: MetricEntry,
  request: ReadRequest,
  pipeline: Pipeline = link.pipeline,
): Promise<readonly SeriesPoints[]> {
  const places = await findPlaces(link, entry, request);
  if (places.length === 0) return [];
  const collector = new Collector(entry, request, places);
  for (let at = 0; at < places.length; at += CHUNK * CHUNKS_IN_FLIGHT) {
    request.signal?.throwIfAborted();
    await fetchPlaces(pipeline, entry, places.slice(at, at + CHUNK * CHUNKS_IN_FLIGHT), collector);
  }
  return inLabelOrder(entry.index, collector.found());
}

async function inLabelOrder(
  index: SeriesCache,
  collected: ReadonlyMap<number, PointColumns>,
): Promise<readonly SeriesPoints[]> {
  for (const id of collected.keys()) if (index.valuesOf(id) === undefined) index.expect(id);
  await index.upToDate();
  const found: SeriesPoints[] = [];
  for (const [seriesId, points] of collected) {
    const values = index.valuesOf(seriesId);
    // Removed between the two reads: its points have just expired.
    if (values !== undefined) found.push({ seriesId, values, points });
  }
  return found.sort((a, b) => compareValues(a.values, b.values));
}

/** The buckets to fetch, grouped by series and ascending. */
async function findPlaces(link: RedisLink, entry: MetricEntry, request: ReadRequest): Promise<Place[]> {
  const { layout, metric } = entry;
  const oldest = layout.irregular
    ? request.fromMs
    : Math.max(request.fromMs, request.nowMs - metric.retentionMs - layout.sizeMs);
  const low = Math.max(0, Math.floor(oldest / layout.spanMs));
  const high = Math.ceil(request.toMs / layout.spanMs) - 1;
  if (high < low) return [];
  const ids = request.seriesIds === null ? null : [...new Set(request.seriesIds)];
  if (!layout.irregular && ids !== null && ids.length * (high - low + 1) <= DIRECT_BUCKETS)
    return ids.flatMap((seriesId) =>
      Array.from({ length: high - low + 1 }, (_, i) => ({ seriesId, bucket: low + i })),
    );
  const wanted = ids === null ? null : new Set(ids);
  const bySeries = new Map<number, number[]>();
  let places = 0;
  for await (const { bucket, seriesIds } of bucketIndexes(link, entry, low, high)) {
    request.signal?.throwIfAborted();
    for (const id of seriesIds) {
      if (wanted !== null && !wanted.has(id)) continue;
      const list = bySeries.get(id);
      if (list === undefined) bySeries.set(id, [bucket]);
      else list.push(bucket);
      places += 1;
    }
    // Every existing bucket holds a point; few are cut off by the range and the retention.
    if (places > 2 * request.maxPoints + 10_000) throw tooLarge(entry.metric, request);
  }
  const found: Place[] = [];
  for (const [seriesId, list] of bySeries) for (const bucket of list) found.push({ seriesId, bucket });
  return found;
}

/** Ids of the series with points in the buckets [low, high], ascending. */
export async function seriesInBuckets(
  link: RedisLink,
  entry: MetricEntry,
  low: number,
  high: number,
): Promise<readonly number[]> {
  const found = new Set<number>();
  for await (const { seriesIds } of bucketIndexes(link, entry, low, high))
    for (const id of seriesIds) found.add(id);
  return [...found].sort((a, b) => a - b);
}

/** The existing buckets, ascending, each with its series. */
async function* bucketIndexes(
  link: RedisLink,
  entry: MetricEntry,
  low: number,
  high: number,
): AsyncGenerator<{ readonly bucket: number; readonly seriesIds: ReadonlySet<number> }> {
  const buckets = await existingBuckets(link, entry, low, high);
  for (let at = 0; at < buckets.length; at += CHUNK) {
    const part = buckets.slice(at, at + CHUNK);
    const indexes = await link.mget(part.map((bucket) => entry.keys.index(bucket)));
    for (const [i, packed] of indexes.entries()) {
      if (packed === null) continue;
      // A hash of sessions that expired and was created again is in its index twice.
      const seriesIds = new Set<number>();
      for (let offset = 0; offset + 4 <= packed.length; offset += 4)
        seriesIds.add(packed.readUInt32LE(offset));
      yield { bucket: part[i]!, seriesIds };
    }
  }
}

async function existingBuckets(
  link: RedisLink,
  entry: MetricEntry,
  low: number,
  high: number,
): Promise<number[]> {
  const buckets: number[] = [];
  let from = String(low);
  for (;;) {
    const flat = await link.zrangeByScore(entry.keys.buckets, from, String(high), BUCKET_PAGE);
    for (let i = 1; i < flat.length; i += 2) buckets.push(Number(flat[i]));
    if (flat.length < 2 * BUCKET_PAGE) return buckets;
    from = `(${buckets.at(-1) ?? high}`;
  }
}

/** In the order of the places, so that the points of a series are in order. */
async function fetchPlaces(
  pipeline: Pipeline,
  { keys, layout }: MetricEntry,
  places: readonly Place[],
  collector: Collector,
): Promise<void> {
  if (layout.irregular) {
    const hashes = await pipeline(
      places.map(({ seriesId, bucket }) => ['HGETALL', keys.sessions(seriesId, bucket)]),
    );
    hashes.forEach((flat, i) => collector.takeSessions(places[i]!, flat as Buffer[]));
    return;
  }
  const commands: Command[] = [];
  for (let at = 0; at < places.length; at += CHUNK) {
    const names = places.slice(at, at + CHUNK).map(({ seriesId, bucket }) => keys.packed(seriesId, bucket));
    commands.push(['MGET', ...names]);
  }
  const values = (await pipeline(commands)).flat() as (Buffer | null)[];
  values.forEach((packed, i) => {
    if (packed !== null) collector.takePacked(places[i]!, packed);
  });
}

function tooLarge(metric: Metric, request: ReadRequest): RequestError {
  return new RequestError(
    'range_too_large',
    `The range holds more than ${request.maxPoints} points of ${metric.name}; request a shorter range or fewer series`,
    { max_points: request.maxPoints },
  );
}

/** Decodes buckets into columns, cut at the range and at retention. */
class Collector {
  private readonly collected = new Map<number, PointColumns>();
  private total = 0;
  private readonly capacity: number;

  constructor(
    private readonly entry: MetricEntry,
    private readonly request: ReadRequest,
    places: readonly Place[],
  ) {
    const { layout } = entry;
    const series = new Set(places.map((place) => place.seriesId)).size;
    const perSeries = Math.ceil(places.length / series) * Math.max(layout.windows, 16);
    this.capacity = Math.min(perSeries, 4096);
  }

  takePacked(place: Place, packed: Buffer): void {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    const into = this.columns(place.seriesId);
    this.count(readBucket(this.entry.layout, view, place.bucket, this.request, into));
  }

  takeSessions(place: Place, flat: readonly Buffer[]): void {
    const { layout } = this.entry;
    const sessions: { startMs: number; bytes: Buffer }[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const bytes = flat[i + 1]!;
      if (bytes.length >= layout.slotBytes)
        sessions.push({ startMs: Number(flat[i]!.toString('latin1')), bytes });
    }
    sessions.sort((a, b) => a.startMs - b.startMs);
    const into = this.columns(place.seriesId);
    for (const { startMs, bytes } of sessions) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.count(readSlot(layout, view, 0, startMs, this.request, into) ? 1 : 0);
    }
  }

  /** Series that have points in the range. */
  found(): ReadonlyMap<number, PointColumns> {
    for (const [seriesId, columns] of this.collected)
      if (columns.length === 0) this.collected.delete(seriesId);
    return this.collected;
  }

  private columns(seriesId: number): PointColumns {
    let columns = this.collected.get(seriesId);
    if (columns === undefined) {
      const { measures, firstSeenAt } = this.entry.layout;
      columns = new PointColumns(measures, this.capacity, firstSeenAt >= 0);
      this.collected.set(seriesId, columns);
    }
    return columns;
  }

  private count(points: number): void {
    this.total += points;
    if (this.total > this.request.maxPoints) throw tooLarge(this.entry.metric, this.request);
  }
}
