import { LiveBatch, type SnapshotRevisions, type Moment } from './live-batch';
import type { SeriesGroup } from './series-group';
import type { QueryAnswer } from '../domain/query-answer';
import type { ResultSeries } from '../domain/selection';

export interface LivePoint {
  readonly time: number;
  /** null: not a finite number. */
  readonly value: number | null;
  readonly revision: number;
  readonly removed: boolean;
}

/** Changed points of one selection, the newest of each; a group without points has a new `open_from_ms`. */
export class SeriesBatch extends LiveBatch<SeriesBatch> {
  protected readonly type = 'series_update';
  private readonly groups = new Map<SeriesGroup, Map<number, LivePoint>>();
  /** Groups whose open_from_ms changed without a point; the others send theirs with their points. */
  private readonly touched = new Set<SeriesGroup>();
  private cuts: Map<number, SeriesBatch> | null = null;
  private points = 0;
  private minTime = Number.POSITIVE_INFINITY;

  /** @param fromMs open points before it are not sent */
  constructor(private readonly fromMs = Number.NEGATIVE_INFINITY) {
    super();
  }

  get size(): number {
    return this.points + this.groups.size;
  }

  put(group: SeriesGroup, point: LivePoint): void {
    const points = this.pointsOf(group);
    const known = points.get(point.time);
    if (known === undefined) this.points += 1;
    else if (point.revision <= known.revision) return;
    points.set(point.time, point);
    if (point.time < this.minTime) this.minTime = point.time;
  }

  /** Marks the group's open_from_ms to be sent, with or without points. */
  touch(group: SeriesGroup): void {
    this.touched.add(group);
    this.pointsOf(group);
  }

  private pointsOf(group: SeriesGroup): Map<number, LivePoint> {
    let points = this.groups.get(group);
    if (points === undefined) {
      points = new Map();
      this.groups.set(group, points);
      const open = group.openFrom(this.fromMs);
      if (open !== null && open < this.minTime) this.minTime = open;
    }
    return points;
  }

  empty(): SeriesBatch {
    return new SeriesBatch(this.fromMs);
  }

  merge(other: SeriesBatch): number {
    const before = this.size;
    for (const group of other.touched) this.touch(group);
    for (const [group, points] of other.groups) {
      for (const point of points.values()) this.put(group, point);
    }
    return this.size - before;
  }

  from(fromMs: number): SeriesBatch {
    if (fromMs <= this.minTime) return this;
    this.cuts ??= new Map();
    const known = this.cuts.get(fromMs);
    if (known !== undefined) return known;
    const cut = new SeriesBatch(fromMs);
    for (const group of this.touched) cut.touch(group);
    for (const [group, points] of this.groups) {
      for (const point of points.values()) if (point.time >= fromMs) cut.put(group, point);
    }
    this.cuts.set(fromMs, cut);
    return cut;
  }

  /** The batch without the points for which `sent` is true. */
  without(sent: (group: SeriesGroup, point: LivePoint) => boolean): SeriesBatch {
    let any = false;
    for (const [group, points] of this.groups) {
      for (const point of points.values()) {
        if (!sent(group, point)) continue;
        any = true;
        break;
      }
      if (any) break;
    }
    if (!any) return this;
    const rest = new SeriesBatch(this.fromMs);
    for (const group of this.touched) rest.touch(group);
    for (const [group, points] of this.groups) {
      for (const point of points.values()) if (!sent(group, point)) rest.put(group, point);
    }
    return rest;
  }

  protected encodeBody(moment: Moment): string {
    const series: string[] = [];
    for (const [group, points] of this.groups) series.push(this.encodeGroup(group, points));
    return `,"watermark_ms":${moment.watermarkMs ?? 'null'},"server_time_ms":${moment.serverTimeMs},"series":[${series.join(',')}]}`;
  }

  private encodeGroup(group: SeriesGroup, points: Map<number, LivePoint>): string {
    const ordered = [...points.values()];
    if (ordered.length > 1) ordered.sort((a, b) => a.time - b.time);
    const times: number[] = [];
    const values: (number | null)[] = [];
    const revisions: number[] = [];
    const removed: number[] = [];
    const removedRevisions: number[] = [];
    for (const point of ordered) {
      if (point.removed) {
        removed.push(point.time);
        removedRevisions.push(point.revision);
      } else {
        times.push(point.time);
        values.push(point.value);
        revisions.push(point.revision);
      }
    }
    const gone =
      removed.length === 0
        ? ''
        : `,"removed":[${removed.join(',')}],"removed_revisions":[${removedRevisions.join(',')}]`;
    const openFrom = group.openFrom(this.fromMs);
    const open = openFrom === null ? '' : `,"open_from_ms":${openFrom}`;
    return `{"labels":${group.labelsText},"times":[${times.join(',')}],"values":${JSON.stringify(values)},"revisions":[${revisions.join(',')}]${gone}${open}}`;
  }
}

/** First index at which `times[i] >= time`. */
export function lowerBound(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Revisions of the points of a snapshot. */
export class SeriesSnapshotRevisions implements SnapshotRevisions<SeriesBatch> {
  private readonly series = new Map<string, ResultSeries>();

  constructor(answer: QueryAnswer, keyOf: (series: ResultSeries) => string) {
    for (const series of answer.series) this.series.set(keyOf(series), series);
  }

  newerThan(batch: SeriesBatch): SeriesBatch {
    return batch.without((group, point) => {
      const series = this.series.get(group.key);
      if (series === undefined) return false;
      const at = lowerBound(series.times, point.time);
      if (series.times[at] === point.time) return (series.revisions[at] ?? 0) >= point.revision;
      const gone = lowerBound(series.removed, point.time);
      return series.removed[gone] === point.time && (series.removedRevisions[gone] ?? 0) >= point.revision;
    });
  }
}
