import { setImmediate as turn } from 'node:timers/promises';
import { stepsIn } from '../domain/history/packed-steps';
import {
  blockParts,
  joinedBlock,
  mergedBlock,
  sealAtOnceMs,
  sealedTiers,
  STEPS_PER_BLOCK,
  type SealedTier,
} from '../domain/history/step-blocks';
import { sealTargetMs, sealUnitMs } from '../domain/history/tiers';
import { alignDown } from '../domain/ladder';
import { bucketOf, readBucket } from '../domain/packed-point';
import { PointColumns } from '../domain/point';
import type { FilledSeries } from '../domain/store';
import type { Environment } from './environment';
import type { TierRecord } from './history-record';
import type { MetricState } from './metric-state';
import { bucketKey, stepBlockKey, tierBound } from './point-keys';

/** Time limit of a step, which shares its transaction with writes. */
const TURN_MS = 8;
const BLOCKS_PER_STEP = 2_000;

interface PackedBlock {
  /** In a step: the tier. */
  readonly windows: number;
  readonly block: number;
  readonly bytes: Uint8Array;
}

/** The steps of a series that is filled in. */
export interface PackedSeries {
  readonly values: readonly string[];
  /** Of the last window. */
  readonly endMs: number;
  readonly blocks: readonly PackedBlock[];
}

/**
 * Seals immutable windows into the steps of each tier, series by series in small steps, and then moves the boundary.
 * Until it moves, reads use the windows, so a process that crashes in between repeats the work with the same bytes.
 */
export class StepSealer {
  private readonly tiers: readonly SealedTier[];
  private readonly unitMs: number;

  constructor(
    private readonly env: Environment,
    private readonly state: MetricState,
  ) {
    const { metric } = state;
    this.unitMs = sealUnitMs(metric);
    this.tiers = sealedTiers(metric);
  }

  /** Runs one step, within a transaction in which nothing is staged. Returns whether there is more to do now. */
  step(nowMs: number): boolean {
    if (this.state.history === null) return false;
    const expired = this.sweep(nowMs);
    if (!this.begin(nowMs)) return expired;
    this.seal();
    return true;
  }

  /** Packs series for `fill`; others have their turn meanwhile. */
  async packFilled(series: readonly FilledSeries[]): Promise<readonly PackedSeries[]> {
    const { sizeMs } = this.state.layout;
    let ends = performance.now() + TURN_MS;
    const packed: PackedSeries[] = [];
    for (const { values, windows } of series) {
      if (windows.length === 0) continue;
      const blocks: PackedBlock[] = [];
      for (const tier of this.tiers) {
        for (const part of blockParts(tier.shape, windows, 0)) {
          const bytes = mergedBlock(tier.shape, windows, part, undefined, 0);
          if (bytes !== undefined) blocks.push({ windows: tier.windows, block: part.block, bytes });
          if (performance.now() < ends) continue;
          await turn();
          ends = performance.now() + TURN_MS;
        }
      }
      packed.push({ values, endMs: windows.starts[windows.length - 1]! + sizeMs, blocks });
    }
    return packed;
  }

  /** HistoryStore.fill, within a transaction in which nothing is staged. */
  fill(series: readonly PackedSeries[], toMs: number): boolean {
    const { state, env } = this;
    if (state.history === null || state.history.filledToMs !== undefined) return false;
    while (state.history.sealingToMs > state.history.sealedBeforeMs) this.seal();
    for (const { values, endMs, blocks } of series) {
      const seriesId = state.series.find(values) ?? state.takeSeriesId();
      const expiresMs = endMs + state.history.lifetimeMs;
      if (state.series.valuesOf(seriesId) === undefined) state.series.add(seriesId, values, expiresMs);
      else state.series.extend(seriesId, expiresMs);
      state.saveSeries(env, seriesId);
      for (const { windows, block, bytes } of blocks) {
        const { shape } = this.tiers.find((tier) => tier.windows === windows)!;
        const stored = env.steps!.getBinary(stepBlockKey(state.id, windows, block, seriesId));
        this.put(windows, block, seriesId, stored, joinedBlock(shape, bytes, stored, toMs));
      }
    }
    const sealedBeforeMs = Math.max(state.history.sealedBeforeMs, toMs);
    state.history = {
      ...state.history,
      filledToMs: toMs,
      sealedBeforeMs,
      sealingToMs: sealedBeforeMs,
      sealedSeries: 0,
      tiers: Object.fromEntries(
        Object.entries(state.history.tiers).map(([windows, tier]) => [windows, { ...tier, sinceMs: 0 }]),
      ),
    };
    state.saveHistory(env);
    state.save(env);
    return true;
  }

  /** Selects what is sealed next; false when there is nothing. */
  private begin(nowMs: number): boolean {
    const { metric, progress, layout, buckets } = this.state;
    const { sealedBeforeMs, sealingToMs } = this.state.history!;
    if (sealingToMs > sealedBeforeMs) return true;
    const targetMs = sealTargetMs(metric, progress, nowMs);
    if (targetMs === null || targetMs <= sealedBeforeMs) return false;
    let oldestMs = Infinity;
    for (const bucket of buckets) {
      // Sealed buckets begin before the boundary and wait for the sweeper.
      if ((bucket + 1) * layout.spanMs > sealedBeforeMs)
        oldestMs = Math.min(oldestMs, bucket * layout.spanMs);
    }
    const fromMs = Math.min(targetMs, Math.max(sealedBeforeMs, alignDown(oldestMs, this.unitMs)));
    this.state.history = {
      ...this.state.history!,
      sealedBeforeMs: fromMs,
      sealingToMs: Math.min(targetMs, alignDown(fromMs, this.unitMs) + sealAtOnceMs(metric)),
      sealedSeries: 0,
    };
    this.state.saveHistory(this.env);
    return fromMs < targetMs;
  }

  private seal(): void {
    const { sealingToMs, sealedSeries } = this.state.history!;
    const ends = performance.now() + TURN_MS;
    let last = sealedSeries;
    for (const seriesId of this.state.series.idsAfter(sealedSeries)) {
      this.sealSeries(seriesId);
      last = seriesId;
      if (performance.now() >= ends) {
        this.state.history = { ...this.state.history!, sealedSeries: last };
        this.state.saveHistory(this.env);
        return;
      }
    }
    this.state.history = { ...this.state.history!, sealedBeforeMs: sealingToMs, sealedSeries: 0 };
    this.state.saveHistory(this.env);
  }

  private sealSeries(seriesId: number): void {
    const { id, layout, buckets } = this.state;
    const { sealedBeforeMs: fromMs, sealingToMs: toMs } = this.state.history!;
    const windows = new PointColumns(layout.measures);
    for (let bucket = bucketOf(layout, fromMs); bucket * layout.spanMs < toMs; bucket += 1) {
      if (!buckets.has(bucket)) continue;
      const value = this.env.points.getBinaryFast(bucketKey(id, bucket, seriesId));
      if (value === undefined) continue;
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      readBucket(layout, view, bucket, { fromMs, toMs, nowMs: Number.NEGATIVE_INFINITY }, windows);
    }
    if (windows.length === 0) return;
    for (const tier of this.tiers) this.addSteps(tier, seriesId, windows);
  }

  private addSteps(tier: SealedTier, seriesId: number, windows: PointColumns): void {
    const { shape } = tier;
    const { sealedBeforeMs, tiers } = this.state.history!;
    for (const part of blockParts(shape, windows, tiers[tier.windows]!.sinceMs)) {
      const stored = this.env.steps!.getBinary(
        stepBlockKey(this.state.id, tier.windows, part.block, seriesId),
      );
      const bytes = mergedBlock(shape, windows, part, stored, sealedBeforeMs);
      if (bytes !== undefined) this.put(tier.windows, part.block, seriesId, stored, bytes);
    }
  }

  /** `before`: what the block held until now. */
  private put(
    windows: number,
    block: number,
    seriesId: number,
    before: Uint8Array | undefined,
    bytes: Uint8Array,
  ): void {
    this.env.steps!.putSync(stepBlockKey(this.state.id, windows, block, seriesId), bytes);
    this.count(windows, before, -1);
    this.count(windows, bytes, 1);
  }

  /** Deletes blocks whose last step has expired. */
  private sweep(nowMs: number): boolean {
    const { id } = this.state;
    let left = BLOCKS_PER_STEP;
    for (const { windows, keepMs, shape } of this.tiers) {
      const oldest = Math.floor((nowMs - keepMs) / (STEPS_PER_BLOCK * shape.stepMs));
      const range = { start: tierBound(id, windows), end: tierBound(id, windows, Math.max(0, oldest)) };
      const entries = Array.from(this.env.steps!.getRange({ ...range, limit: left }));
      for (const { key, value } of entries) {
        this.count(windows, value, -1);
        this.env.steps!.removeSync(key);
      }
      if (entries.length > 0) this.state.saveHistory(this.env);
      left -= entries.length;
      if (left === 0) return true;
    }
    return false;
  }

  private count(windows: number, bytes: Uint8Array | undefined, sign: number): void {
    if (bytes === undefined) return;
    const history = this.state.history!;
    const before = history.tiers[windows]!;
    const after: TierRecord = {
      ...before,
      steps: before.steps + sign * stepsIn(bytes),
      bytes: before.bytes + sign * bytes.length,
    };
    this.state.history = { ...history, tiers: { ...history.tiers, [windows]: after } };
  }
}
