import type { CombinedPoints } from './combine';
import type { SearchDependencies } from './event-search';
import { UnavailableError } from './errors';
import { historyPlan, type HistoryPlan } from './history/history-plan';
import { HistoryScan } from './history/history-scan';
import type { Metric } from './metric';
import type { Progress } from './progress';
import type { Plan } from './query-answer';
import type { Span } from './read-span';
import type { RequestScope } from './request-scope';
import { ScanBudget } from './scan-budget';
import {
  groupSeries,
  scanGroups,
  selectSeries,
  WindowScan,
  type GroupSource,
  type Pause,
} from './series-scan';
import type { Labels } from './series';
import type { SeriesStore } from './store';
import type { Clock } from './telemetry';

export interface ScanRequest {
  readonly plan: Plan;
  readonly spans: readonly Span[];
  /**
   * Time for the retention limit; 0 when the plan has a history: windows past the retention are read until they are
   * sealed.
   */
  readonly nowMs: number;
  readonly isWanted: ((labels: Labels) => boolean) | null;
  readonly scope: RequestScope;
}

/** The state of the store at the beginning of a read. */
export interface Reading {
  readonly nowMs: number;
  readonly storeEpoch: string;
  readonly progress: Progress;
}

/** Reads stored points by plan, bounded, and consistent while the store is lost or rebuilt. */
export class StoreReader {
  /** `pause` yields to other work of the process. `maxScanPoints`: beyond it reads reject with `range_too_large`. */
  constructor(
    private readonly store: SeriesStore,
    private readonly maxScanPoints: number,
    private readonly clock: Clock,
    readonly pause: Pause,
  ) {}

  historyOf(plan: Plan, nowMs: number): Promise<HistoryPlan | null> {
    return historyPlan(plan, this.store.history, nowMs);
  }

  /** For searches that read series by themselves. */
  searchDependencies(metric: Metric, { nowMs, progress }: Reading, scope: RequestScope): SearchDependencies {
    const { store, pause } = this;
    return { store, budget: this.budget(metric, nowMs, scope), nowMs, progress, pause, scope };
  }

  private budget(metric: Metric, nowMs: number, { signal }: RequestScope): ScanBudget {
    return new ScanBudget(this.store, metric, nowMs, this.maxScanPoints, signal);
  }

  /** Reads the plan's points as steps. */
  scanPoints(
    scan: ScanRequest,
    history: HistoryPlan | null,
    onGroup: (labels: Labels, points: CombinedPoints) => boolean,
  ): Promise<number> {
    const { plan } = scan;
    return history === null
      ? this.scan(scan, new WindowScan(plan), onGroup)
      : this.scan({ ...scan, nowMs: 0 }, new HistoryScan(plan, history), onGroup);
  }

  /** Passes the plan's data to a callback, group by group; resolves to the number of groups. */
  async scan<P, T>(
    { plan, spans, nowMs, isWanted, scope }: ScanRequest,
    source: GroupSource<P, T>,
    onGroup: (labels: Labels, result: T) => boolean,
  ): Promise<number> {
    if (spans.length === 0) return 0;
    const all = await this.store.listSeries(plan.metric);
    const selected = await selectSeries(plan, all, this.pause, scope.signal);
    const grouped = groupSeries(plan, selected);
    const groups = isWanted === null ? grouped : grouped.filter((group) => isWanted(group.labels));
    await scanGroups({
      plan,
      groups,
      everySeries: plan.filters.length === 0 && isWanted === null,
      spans,
      source,
      budget: this.budget(plan.metric, nowMs, scope),
      pause: this.pause,
      scope,
      onGroup,
    });
    return groups.length;
  }

  /**
   * Reads within one epoch, again when the store was lost or rebuilt meanwhile. Reads the progress first, so that a
   * point is never marked final by a boundary that moved after it was read.
   */
  async consistently<T>(
    metric: Metric,
    read: (reading: Reading) => Promise<T>,
  ): Promise<{ result: T; reading: Reading }> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const storeEpoch = this.store.epoch();
      try {
        const progress = await this.store.progress(metric);
        const reading = { nowMs: this.clock(), storeEpoch, progress };
        const result = await read(reading);
        if (this.store.epoch() === storeEpoch) return { result, reading };
      } catch (error) {
        // Series ids of one epoch are invalid in the next.
        if (this.store.epoch() === storeEpoch) throw error;
      }
    }
    throw new UnavailableError('store', 'The store was rebuilt while it was read. Try again.');
  }
}
