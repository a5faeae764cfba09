import { RequestError } from './errors';
import type { Metric } from './metric';
import type { SeriesPoints } from './point';
import type { Span } from './read-span';
import type { HistoryStore, SeriesStore, StepsAnswer, StepsRequest } from './store';

/** Reads of one request; stops at `maxScanPoints` with `range_too_large`, and when the request is over. */
export class ScanBudget {
  private scanned = 0;

  constructor(
    private readonly store: SeriesStore,
    private readonly metric: Metric,
    private readonly nowMs: number,
    private readonly maxScanPoints: number,
    private readonly signal: AbortSignal,
  ) {}

  async read(span: Span, seriesIds: readonly number[] | null): Promise<readonly SeriesPoints[]> {
    const maxPoints = this.maxScanPoints - this.scanned;
    if (maxPoints <= 0) throw this.tooLarge();
    const { signal, nowMs } = this;
    signal.throwIfAborted();
    const found = await this.store.read(this.metric, { ...span, seriesIds, nowMs, maxPoints, signal });
    signal.throwIfAborted();
    for (const series of found) this.scanned += series.points.length;
    if (this.scanned > this.maxScanPoints) throw this.tooLarge();
    return found;
  }

  async readSteps(
    store: HistoryStore,
    request: Omit<StepsRequest, 'maxPoints' | 'signal'>,
  ): Promise<StepsAnswer> {
    const maxPoints = this.maxScanPoints - this.scanned;
    if (maxPoints <= 0) throw this.tooLarge();
    const { signal } = this;
    signal.throwIfAborted();
    const answer = await store.readSteps(this.metric, { ...request, maxPoints, signal });
    signal.throwIfAborted();
    for (const { steps } of answer.series) this.scanned += steps.length;
    if (this.scanned > this.maxScanPoints) throw this.tooLarge();
    return answer;
  }

  private tooLarge(): RequestError {
    return new RequestError(
      'range_too_large',
      `This request would read more than ${this.maxScanPoints} points of "${this.metric.name}". Ask for a shorter range or fewer series.`,
      { metric: this.metric.name, limit: this.maxScanPoints },
    );
  }
}
