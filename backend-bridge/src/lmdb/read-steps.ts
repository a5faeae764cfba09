import { RequestError } from '../domain/errors';
import { unpackSteps } from '../domain/history/packed-steps';
import { blockRange, roomForSteps } from '../domain/history/step-blocks';
import { emptySteps, foldShape, type FoldShape, type StepColumns } from '../domain/history/step-columns';
import { compareValues } from '../domain/series';
import type { SeriesSteps, StepsAnswer, StepsRequest } from '../domain/store';
import type { Environment } from './environment';
import type { MetricState } from './metric-state';
import { seriesOfStepKey, stepBlockKey, tierBound } from './point-keys';

/** A long read yields after this time. */
const TURN_MS = 8;
/** Above this share of requested series, one scan is cheaper than single lookups. */
const SCAN_SHARE = 0.25;

/**
 * Sealed steps of the requested series in label order (HistoryStore.readSteps).
 * @param sealedBeforeMs the committed boundary: steps before it are immutable
 */
export async function readSteps(
  env: Environment,
  state: MetricState,
  sealedBeforeMs: number,
  request: StepsRequest,
): Promise<StepsAnswer> {
  const reader = new StepReader(env, state, sealedBeforeMs, request);
  await reader.read();
  return reader.answer();
}

class StepReader {
  private readonly shape: FoldShape;
  private readonly windows: number;
  private readonly columns = new Map<number, StepColumns>();
  private rows = 0;
  private found = 0;
  private turnEnds = performance.now() + TURN_MS;

  constructor(
    private readonly env: Environment,
    private readonly state: MetricState,
    private readonly sealedBeforeMs: number,
    private readonly request: StepsRequest,
  ) {
    this.shape = foldShape(state.metric, request.stepMs);
    this.windows = this.shape.windows;
  }

  async read(): Promise<void> {
    const { fromMs, seriesIds } = this.request;
    const toMs = Math.min(this.request.toMs, this.sealedBeforeMs);
    if (fromMs >= toMs || this.env.steps === null) return;
    const { id, metric, series } = this.state;
    const [first, end] = blockRange(this.request.stepMs, fromMs, toMs);
    this.rows = roomForSteps(metric, this.request.stepMs, this.request, this.sealedBeforeMs);
    if (seriesIds === null || seriesIds.length > series.size * SCAN_SHARE) {
      const wanted = seriesIds === null ? null : new Set(seriesIds);
      const range = { start: tierBound(id, this.windows, first), end: tierBound(id, this.windows, end) };
      for (const { key, value } of this.env.steps.getRange(range)) {
        const seriesId = seriesOfStepKey(key);
        if (wanted === null || wanted.has(seriesId)) this.add(seriesId, value, value.byteLength, toMs);
        if (performance.now() >= this.turnEnds) await this.nextTurn();
      }
      return;
    }
    for (const seriesId of seriesIds) {
      for (let block = first; block < end; block += 1) {
        const value = this.env.steps.getBinaryFast(stepBlockKey(id, this.windows, block, seriesId));
        // LMDB's buffer is longer than the value; `length` is that of the value.
        if (value !== undefined) this.add(seriesId, value, value.length, toMs);
      }
      if (performance.now() >= this.turnEnds) await this.nextTurn();
    }
  }

  answer(): StepsAnswer {
    const series: SeriesSteps[] = [];
    for (const [seriesId, steps] of this.columns) {
      const values = this.state.series.valuesOf(seriesId);
      if (values !== undefined && steps.length > 0) series.push({ seriesId, values, steps });
    }
    series.sort((a, b) => compareValues(a.values, b.values));
    return { sealedBeforeMs: this.sealedBeforeMs, series };
  }

  private add(seriesId: number, bytes: Uint8Array, length: number, toMs: number): void {
    let steps = this.columns.get(seriesId);
    if (steps === undefined) {
      steps = emptySteps(this.shape, this.request.needs, this.rows);
      this.columns.set(seriesId, steps);
    }
    const before = steps.length;
    unpackSteps(this.shape, bytes, steps, { fromMs: this.request.fromMs, toMs }, length);
    this.found += steps.length - before;
    if (this.found <= this.request.maxPoints) return;
    throw new RequestError(
      'range_too_large',
      `The range holds more than ${this.request.maxPoints} steps; request a shorter range, fewer series or a stronger filter`,
      { max_points: this.request.maxPoints },
    );
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
