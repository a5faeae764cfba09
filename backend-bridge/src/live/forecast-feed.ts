import { byLabels, changedFrom, ForecastBatch, ForecastSnapshotRevisions } from './forecast-batch';
import { forecastSnapshotPieces } from './forecast-text';
import { SelectionFeed, type FeedDependencies, type Snapshot } from './selection-feed';
import { RequestError } from '../domain/errors';
import { closedBefore } from '../domain/finality';
import type { ForecastAnswer, PreparedForecast } from '../domain/forecasting';
import { alignUp } from '../domain/ladder';
import { POINT_BYTES, type MemoryHold } from '../domain/memory-budget';
import type { RequestScope } from '../domain/request-scope';
import type { PointChange } from '../domain/store';

const MAX_RETRY_MS = 5_000;
/** Memory of one step of a kept answer: five columns of doubles. */
const STEP_BYTES = 40;

/** Steps in one update, whose text is made at once. A correction of a step of long ago changes all that follows. */
const LARGEST_UPDATE = 50_000;

/**
 * Forecasts of one selection. Re-read when a step has closed or a closed step was corrected, and sent from the first
 * difference on. Reads do not overlap, so answers are sent in order.
 */
export class ForecastFeed extends SelectionFeed<ForecastBatch> {
  /** The answer that subscribers have once they received everything sent; null when none has one. */
  private known: ForecastAnswer | null = null;
  private kept: MemoryHold | null = null;
  private keptBytes = 0;
  private version = 0;
  private fromMs = Number.POSITIVE_INFINITY;
  /** Start of the range of `known`. */
  private knownFromMs = Number.POSITIVE_INFINITY;
  private stale = false;
  private failures = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly prepared: PreparedForecast,
    dependencies: FeedDependencies,
    onEmpty: () => void,
  ) {
    super(prepared.plan, dependencies, onEmpty);
  }

  changed(changes: readonly PointChange[]): void {
    // No subscriber has read a snapshot yet.
    if (this.fromMs === Number.POSITIVE_INFINITY) return;
    const { plan } = this;
    const closedMs = closedBefore(plan, this.dependencies.progressOf(plan.metric.name));
    if (closedMs === null) return;
    const corrected = changes.some(
      ({ startMs, values }) => plan.stepOf(startMs) < closedMs && plan.selects(values),
    );
    if (!corrected && closedMs <= this.nextCloseMs()) return;
    this.stale = true;
    this.pace.touch();
  }

  override close(): void {
    super.close();
    this.free();
  }

  protected forget(): void {
    this.free();
    this.stale = false;
  }

  /** Throws `rate_limited` or `overloaded` where there is no memory to keep the answer in. */
  private keep(answer: ForecastAnswer): void {
    const bytes = answer.series.reduce((sum, { actual }) => sum + actual.length * STEP_BYTES, 0);
    this.kept ??= this.dependencies.budgets.kept.open([this.holder]);
    if (bytes > this.keptBytes) {
      this.kept.reserve(bytes - this.keptBytes);
      this.keptBytes = bytes;
    }
  }

  private free(): void {
    this.known = null;
    this.kept?.free();
    this.kept = null;
    this.keptBytes = 0;
  }

  protected async readSnapshot(fromMs: number, scope: RequestScope): Promise<Snapshot<ForecastBatch>> {
    this.fromMs = Math.min(this.fromMs, fromMs);
    const { answer, version } = await this.advance(scope);
    return {
      pieces: (idText, from) => forecastSnapshotPieces(answer, idText, from),
      snapshotRevisions: new ForecastSnapshotRevisions(version),
    };
  }

  protected flush(): undefined | Promise<void> {
    if (!this.stale) return undefined;
    return this.reread();
  }

  private async reread(): Promise<void> {
    this.stale = false;
    const { turns, memory: answers } = this.dependencies.budgets;
    const { holder } = this;
    const { signal } = this.over;
    const memory = answers.open([holder]);
    try {
      await this.advance({
        holder,
        signal,
        reserve: (points) => memory.reserve(points * POINT_BYTES),
        inTurn: (portion) => turns.run(holder, signal, portion),
      });
      this.failures = 0;
    } catch (error) {
      if (this.closed) return;
      if (error instanceof RequestError && !error.retryable) {
        this.failAll(error);
        return;
      }
      this.stale = true;
      this.failures += 1;
      this.dependencies.log.warn(
        { metric: this.plan.metric.name, err: error },
        'forecast update delayed: the store or the memory for it is unavailable',
      );
      this.pace.postpone(Math.min(MAX_RETRY_MS, 100 * 2 ** this.failures));
      this.pace.touch();
    } finally {
      memory.free();
    }
  }

  /** Reads the newest answer and sends the differences. */
  private advance(scope: RequestScope): Promise<{ answer: ForecastAnswer; version: number }> {
    const turn = this.last.then(async () => {
      const { fromMs } = this;
      const answer = await this.prepared.read(fromMs, scope);
      if (!this.closed) this.keep(answer);
      this.version += 1;
      if (!this.closed) this.send(answer);
      this.knownFromMs = fromMs;
      // A step may have closed during the read.
      this.changed([]);
      return { answer, version: this.version };
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private send(answer: ForecastAnswer): void {
    const { known, plan } = this;
    this.known = answer;
    if (known === null) return;
    const names = plan.metric.dimensions.map(({ name }) => name);
    const [before, now] = [byLabels(known, names), byLabels(answer, names)];
    if ([...before.keys()].some((key) => !now.has(key))) {
      this.resyncAll('series_gone', 0);
      return;
    }
    const batch = new ForecastBatch(this.version, answer.stepMs);
    const sinceMs = Math.max(this.knownFromMs, answer.keptFromMs);
    for (const [key, series] of now) {
      const old = before.get(key);
      const fromMs = old === undefined ? series.startMs : changedFrom(old, series, answer.stepMs, sinceMs);
      if (fromMs !== null) batch.put(key, series, fromMs);
    }
    if (batch.size > LARGEST_UPDATE) this.resyncAll('large_update', 0);
    else if (batch.size > 0) this.deliver(batch);
  }

  /** When the next step closes. */
  private nextCloseMs(): number {
    const { known } = this;
    if (known === null) return Number.POSITIVE_INFINITY;
    if (known.closedBeforeMs === null) return Number.NEGATIVE_INFINITY;
    // Series may start at different times.
    const opens = known.series.map(({ startMs, closed }) => startMs + closed * known.stepMs);
    return Math.min(alignUp(known.closedBeforeMs, known.stepMs), ...opens);
  }
}
