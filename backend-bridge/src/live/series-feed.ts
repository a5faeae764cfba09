import { SeriesBatch, SeriesSnapshotRevisions, lowerBound, type LivePoint } from './series-batch';
import { SelectionFeed, type Snapshot } from './selection-feed';
import { SeriesGroup } from './series-group';
import { subscribedPieces } from './snapshot-text';
import { closesMs, isOpen } from './openness';
import { RequestError } from '../domain/errors';
import { openFrom, standsAlone } from '../domain/finality';
import type { RequestScope } from '../domain/request-scope';
import type { ResultSeries } from '../domain/selection';
import type { Labels } from '../domain/series';
import type { PointChange } from '../domain/store';
import { isIrregular, longestMs } from '../domain/windows';

/** Steps re-read per flush; the rest waits for the next one. */
const STEPS_A_FLUSH = 120;
const MAX_DIRTY_STEPS = 5_000;
const MAX_RETRY_MS = 5_000;

/**
 * Points of one selection. Where an answer's points are stored points, changes are sent as they are; where they are
 * combined, the changed steps are re-read, so that live and history cannot differ.
 */
export class SeriesFeed extends SelectionFeed<SeriesBatch> {
  private batch = new SeriesBatch();
  private readonly groups = new Map<string, SeriesGroup>();
  private readonly bySeries = new Map<number, SeriesGroup | null>();
  /** Steps to re-read, each with its changed groups; null for all groups. */
  private readonly dirty = new Map<number, Set<SeriesGroup> | null>();
  /** For metrics whose open points are not sent: their times, each with when it closes and is sent. */
  private readonly openTimes = new Map<number, number>();
  private readonly dimensions: readonly string[];
  private readonly straight: boolean;
  private firstCloseMs = Number.POSITIVE_INFINITY;
  /** Steps per flush; halved when a read would be too large. */
  private stepsAFlush = STEPS_A_FLUSH;
  private failures = 0;

  constructor(...args: ConstructorParameters<typeof SelectionFeed<SeriesBatch>>) {
    super(...args);
    const { metric, groupBy } = this.plan;
    this.dimensions = groupBy ?? metric.dimensions.map((dimension) => dimension.name);
    this.straight = standsAlone(this.plan);
  }

  changed(changes: readonly PointChange[], nowMs: number): void {
    const { metric } = this.plan;
    const finalBefore = this.dependencies.progressOf(metric.name).finalBeforeMs;
    for (const change of changes) {
      if (change.endMs + metric.retentionMs <= nowMs) continue;
      const group = this.groupOfSeries(change);
      if (group === null) continue;
      const time = this.straight ? change.startMs : this.plan.stepOf(change.startMs);
      const closes = closesMs(this.plan, time, change.endMs);
      const open = isOpen(closes, finalBefore);
      if (open && !this.plan.includeOpen) {
        this.awaitClose(time, closes);
        continue;
      }
      if (this.straight) this.put(group, this.pointOf(change), closes, open);
      else this.markDirty(time, group);
    }
    if (this.batch.size > 0 || this.dirty.size > 0 || this.closesNow()) this.pace.touch();
  }

  protected forget(): void {
    this.batch = new SeriesBatch();
    this.groups.clear();
    this.bySeries.clear();
    this.dirty.clear();
    this.openTimes.clear();
    this.firstCloseMs = Number.POSITIVE_INFINITY;
  }

  protected flush(): undefined | Promise<void> {
    this.applyProgress();
    if (this.dirty.size === 0) {
      this.emit();
      return undefined;
    }
    return this.recompute();
  }

  protected async readSnapshot(fromMs: number, scope: RequestScope): Promise<Snapshot<SeriesBatch>> {
    if (!this.plan.includeOpen || isIrregular(this.plan.metric.window)) await this.findOpen(scope);
    const answer = await this.dependencies.engine.snapshot(this.plan, fromMs, scope);
    this.noteOpen(answer.series);
    // The progress may have moved during the read.
    if (this.closesNow()) this.pace.touch();
    return {
      pieces: (idText, from, partText) => subscribedPieces(answer, idText, from, partText),
      snapshotRevisions: new SeriesSnapshotRevisions(answer, (series) => this.keyOf(series.labels)),
    };
  }

  /** Whether a point has closed that subscribers show as open, or wait for. */
  private closesNow(): boolean {
    return this.closedBefore() >= this.firstCloseMs;
  }

  private applyProgress(): void {
    const closed = this.closedBefore();
    if (closed < this.firstCloseMs) return;
    if (this.plan.includeOpen) this.tellClosed(closed);
    else this.markClosed(closed);
  }

  private tellClosed(closed: number): void {
    let next = Number.POSITIVE_INFINITY;
    for (const group of this.groups.values()) {
      if (group.closesMs <= closed && group.close(closed)) this.batch.touch(group);
      if (group.closesMs < next) next = group.closesMs;
    }
    this.firstCloseMs = next;
  }

  /** Marks steps that became final, with all groups, to be sent. */
  private markClosed(closed: number): void {
    let next = Number.POSITIVE_INFINITY;
    for (const [time, closes] of this.openTimes) {
      if (closes > closed) {
        next = Math.min(next, closes);
      } else {
        this.openTimes.delete(time);
        this.dirty.set(time, null);
      }
    }
    this.firstCloseMs = next;
  }

  private awaitClose(time: number, closes: number): void {
    this.openTimes.set(time, closes);
    if (closes < this.firstCloseMs) this.firstCloseMs = closes;
  }

  private markDirty(step: number, group: SeriesGroup): void {
    const touched = this.dirty.get(step);
    if (touched === undefined) this.dirty.set(step, new Set([group]));
    else touched?.add(group);
  }

  private async recompute(): Promise<void> {
    if (this.dirty.size > MAX_DIRTY_STEPS) {
      this.resyncAll('behind', 0);
      return;
    }
    const steps = [...this.dirty.keys()].sort((a, b) => a - b).slice(-this.stepsAFlush);
    const taken = new Map(steps.map((step) => [step, this.dirty.get(step) ?? null]));
    for (const step of steps) this.dirty.delete(step);
    try {
      const series = await this.readUpdate((scope) =>
        this.dependencies.engine.recompute(this.plan, steps, labelsOf(taken.values()), scope),
      );
      if (this.closed) return;
      this.failures = 0;
      for (const one of series) this.putSeries(one, taken);
    } catch (error) {
      if (this.closed) return;
      if (error instanceof RequestError && !error.retryable && steps.length === 1) {
        // This is the smallest read; retrying cannot succeed.
        this.failAll(error);
        return;
      }
      for (const [step, groups] of taken) this.giveBack(step, groups);
      if (error instanceof RequestError && !error.retryable) {
        this.stepsAFlush = Math.ceil(steps.length / 2);
        this.pace.touch();
        return;
      }
      this.failures += 1;
      this.dependencies.log.warn(
        { metric: this.plan.metric.name, err: error },
        'series update delayed: the store is unavailable',
      );
      this.pace.postpone(Math.min(MAX_RETRY_MS, 100 * 2 ** this.failures));
    }
    this.emit();
    if (this.dirty.size > 0) this.pace.touch();
  }

  private giveBack(step: number, groups: Set<SeriesGroup> | null): void {
    const since = this.dirty.get(step);
    if (since === null || groups === null) this.dirty.set(step, null);
    else this.dirty.set(step, new Set([...groups, ...(since ?? [])]));
  }

  private putSeries(series: ResultSeries, taken: ReadonlyMap<number, Set<SeriesGroup> | null>): void {
    const group = this.groupOf(series.labels);
    const finalBefore = this.dependencies.progressOf(this.plan.metric.name).finalBeforeMs;
    const put = (time: number, value: number | null, revision: number, removed: boolean): void => {
      const touched = taken.get(time);
      if (touched === undefined || (touched !== null && !touched.has(group))) return;
      const closes = closesMs(this.plan, time, null);
      this.put(group, { time, value, revision, removed }, closes, isOpen(closes, finalBefore));
    };
    series.times.forEach((time, i) => put(time, series.values[i] ?? null, series.revisions[i] ?? 0, false));
    series.removed.forEach((time, i) => put(time, null, series.removedRevisions[i] ?? 0, true));
  }

  private put(group: SeriesGroup, point: LivePoint, closes: number, open: boolean): void {
    if (open) {
      group.note(point.time, closes, point.revision, point.removed);
      if (closes < this.firstCloseMs) this.firstCloseMs = closes;
    }
    this.batch.put(group, point);
  }

  private pointOf(change: PointChange): LivePoint {
    const value = change.removed ? undefined : change.measures[this.plan.measure];
    return {
      time: change.startMs,
      value: value === undefined || !Number.isFinite(value) ? null : value,
      revision: change.revision,
      // A point without this measure counts as removed, as in an answer.
      removed: value === undefined,
    };
  }

  private emit(): void {
    if (this.batch.size === 0 || this.closed) return;
    const batch = this.batch;
    this.batch = new SeriesBatch();
    this.deliver(batch);
  }

  private noteOpen(answer: readonly ResultSeries[]): void {
    if (isIrregular(this.plan.metric.window)) return;
    for (const series of answer) {
      if (series.openFromMs === null) continue;
      const group = this.groupOf(series.labels);
      for (let i = lowerBound(series.times, series.openFromMs); i < series.times.length; i += 1) {
        const time = series.times[i]!;
        const closes = closesMs(this.plan, time, null);
        group.note(time, closes, series.revisions[i] ?? 0, false);
        if (closes < this.firstCloseMs) this.firstCloseMs = closes;
      }
    }
  }

  /**
   * Finds open points in the store: those to be sent when they close, and irregular windows, whose ends are not in an answer.
   */
  private async findOpen({ signal }: RequestScope): Promise<void> {
    const { metric } = this.plan;
    const nowMs = this.dependencies.clock();
    const progress = this.dependencies.progressOf(metric.name);
    const { window } = metric;
    const reachMs = window.type === 'session' ? metric.retentionMs : longestMs(window);
    const oldest = nowMs - metric.retentionMs - reachMs;
    const stored = await this.dependencies.store.read(metric, {
      fromMs: Math.max(0, oldest, isIrregular(window) ? 0 : openFrom(this.plan, progress)),
      toMs: nowMs + metric.retentionMs,
      seriesIds: null,
      nowMs,
      maxPoints: this.dependencies.maxScanPoints,
      signal,
    });
    for (const { seriesId, values, points } of stored) {
      const group = this.groupOfSeries({ seriesId, values });
      if (group === null) continue;
      for (let row = 0; row < points.length; row += 1) {
        const time = this.plan.stepOf(points.starts[row]!);
        const closes = closesMs(this.plan, time, points.ends[row]!);
        if (!isOpen(closes, progress.finalBeforeMs)) continue;
        if (!this.plan.includeOpen) {
          this.awaitClose(time, closes);
        } else {
          group.note(time, closes, points.revisions[row]!, points.removed(row));
          if (closes < this.firstCloseMs) this.firstCloseMs = closes;
        }
      }
    }
  }

  private groupOfSeries(series: { seriesId: number; values: readonly string[] }): SeriesGroup | null {
    let group = this.bySeries.get(series.seriesId);
    if (group === undefined) {
      group = this.plan.selects(series.values) ? this.groupOf(this.plan.groupOf(series.values)) : null;
      if (this.bySeries.size > 4 * this.plan.metric.maxSeries) this.bySeries.clear();
      this.bySeries.set(series.seriesId, group);
    }
    return group;
  }

  private groupOf(labels: Labels): SeriesGroup {
    const key = this.keyOf(labels);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new SeriesGroup(key, labels);
      this.groups.set(key, group);
    }
    return group;
  }

  private keyOf(labels: Labels): string {
    return JSON.stringify(this.dimensions.map((name) => labels[name] ?? ''));
  }
}

/** Labels of the groups to re-read; undefined for all. */
function labelsOf(touched: Iterable<Set<SeriesGroup> | null>): readonly Labels[] | undefined {
  const groups = new Set<SeriesGroup>();
  for (const set of touched) {
    if (set === null) return undefined;
    for (const group of set) groups.add(group);
  }
  return [...groups].map((group) => group.labels);
}
