import { UnavailableError } from '../domain/errors';
import type { SeriesStore, TopicIncarnations } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import type { BoundOutput } from './metric-outputs';
import { MAX_WRITE_POINTS, toWriteBatch, type PendingPoint, type PendingWrite } from './outbox';

/** Writes pending writes to the store, and finds what the store is missing. */

interface OutputState {
  readonly output: BoundOutput;
  topic: TopicIncarnations | null;
  appliedOffset: number | null;
  lastRecordMs: number | null;
  records: number;
}

/** The store's position differs from what the pipeline assumes; it must synchronise again. */
export class OutOfSync extends Error {
  constructor(readonly reason: 'gap' | 'stale_topic' | 'store_lost' | 'not_identified') {
    super(`the store is out of sync: ${reason}`);
    this.name = 'OutOfSync';
  }
}

/** Result of synchronising one metric. */
export interface Standing {
  /** The next offset the store needs. */
  readonly neededOffset: number;
}

export class StoreWriter {
  private readonly states: ReadonlyMap<string, OutputState>;

  constructor(
    outputs: readonly BoundOutput[],
    private readonly store: SeriesStore,
    private readonly log: Log,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
  ) {
    this.states = new Map(
      outputs.map((output) => [
        output.metric.name,
        { output, topic: null, appliedOffset: null, lastRecordMs: null, records: 0 },
      ]),
    );
  }

  state(metric: string): Readonly<OutputState> {
    return this.states.get(metric)!;
  }

  /**
   * Registers this pipeline as the metric's source and reads the store's position; `stale`: the store had this id
   * before another.
   */
  async identify(metric: string, topicId: string, nextOffset: number): Promise<Standing | 'stale'> {
    const state = this.states.get(metric)!;
    state.topic = null;
    const topic = await this.timed('identify_topic', () =>
      this.store.identifyTopic(state.output.metric, {
        topic: state.output.metric.topic,
        topicId,
        ends: [nextOffset],
      }),
    );
    if (topic === 'stale') return 'stale';
    state.topic = topic;
    const applied = await this.store.appliedOffsets(state.output.metric);
    state.appliedOffset = applied.get(0) ?? null;
    return { neededOffset: state.appliedOffset === null ? 0 : state.appliedOffset + 1 };
  }

  async skipTo(metric: string, topicId: string, offset: number): Promise<void> {
    const state = this.states.get(metric)!;
    await this.store.skipTo(state.output.metric, topicId, 0, offset);
    state.appliedOffset = offset - 1;
  }

  /**
   * Writes to the store, each metric's writes in order and the metrics together, so that the store can commit them at
   * once; a repeated write changes nothing. Settles when none is pending; rejects with OutOfSync or UnavailableError.
   */
  async send(writes: readonly PendingWrite[]): Promise<void> {
    const sent = await Promise.allSettled(
      [...this.states].map(([name, state]) =>
        this.sendInOrder(
          state,
          writes.filter(({ metric }) => metric === name),
        ),
      ),
    );
    const failed = sent.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private async sendInOrder(state: OutputState, writes: readonly PendingWrite[]): Promise<void> {
    for (const write of writes) {
      if (state.topic === null) throw new OutOfSync('not_identified');
      const batch = toWriteBatch(write, state.output.metric, state.topic, this.clock());
      const outcome = await this.timed('write', () => this.store.write(batch));
      if (outcome.kind !== 'applied') throw new OutOfSync(outcome.kind);
      state.appliedOffset = Math.max(state.appliedOffset ?? -1, write.toOffset);
      state.lastRecordMs = this.clock();
      state.records += write.points.length;
      this.telemetry.pointsWritten(write.metric, 'accepted', outcome.accepted);
      if (outcome.ignored > 0) this.telemetry.pointsWritten(write.metric, 'ignored', outcome.ignored);
      if (outcome.expired > 0) this.telemetry.pointsWritten(write.metric, 'expired', outcome.expired);
      if (outcome.corrected > 0) this.telemetry.pointsWritten(write.metric, 'corrected', outcome.corrected);
      this.refused(write, 'over_cap', outcome.overCap);
      this.refused(write, 'conflict', outcome.conflicts);
    }
  }

  private refused(write: PendingWrite, why: 'over_cap' | 'conflict', indexes: readonly number[]): void {
    const first = indexes[0];
    if (first === undefined) return;
    this.telemetry.pointsWritten(write.metric, why, indexes.length);
    this.log.warn(
      { metric: write.metric, count: indexes.length, first: write.points[first]?.values },
      why === 'over_cap'
        ? 'points of new series were refused: the metric has reached max_series'
        : 'points were refused: another source holds them',
    );
  }

  /**
   * Writes windows that no event made over what late events have left of them: as the record that was applied last, and
   * as if when the last of them ended.
   */
  async fillWindows(metric: string, points: readonly PendingPoint[]): Promise<void> {
    const { output, topic, appliedOffset } = this.states.get(metric)!;
    if (topic === null || appliedOffset === null) throw new OutOfSync('not_identified');
    for (let from = 0; from < points.length; from += MAX_WRITE_POINTS) {
      const part = points.slice(from, from + MAX_WRITE_POINTS);
      const write = {
        metric,
        fromOffset: appliedOffset,
        toOffset: appliedOffset,
        points: part,
        maxEventMs: null,
      };
      const batch = toWriteBatch(write, output.metric, topic, part.at(-1)!.endMs);
      const all = batch.points.map((point) => ({ ...point, offset: appliedOffset }));
      const outcome = await this.timed('write', () => this.store.write({ ...batch, points: all }));
      if (outcome.kind !== 'applied') throw new OutOfSync(outcome.kind);
    }
  }

  /** Reports positions to the store. Rejects with OutOfSync when the store has lost acknowledged points. */
  async report(topicId: string, atEnd: boolean): Promise<void> {
    const known = [...this.states.values()].filter(({ topic }) => topic?.topicId === topicId);
    const gaps = await Promise.all(
      known.map(({ output, appliedOffset }) =>
        this.store.reportPartitions(output.metric, topicId, [
          { partition: 0, position: (appliedOffset ?? -1) + 1, atEnd, nowMs: this.clock() },
        ]),
      ),
    );
    if (gaps.flat().length > 0) throw new OutOfSync('gap');
  }

  async checkReady(): Promise<void> {
    await this.store.checkReady();
  }

  private async timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await call();
    } catch (error) {
      if (error instanceof UnavailableError) this.telemetry.hopFailed(error.hop);
      throw error;
    } finally {
      this.telemetry.storeLatency(operation, (performance.now() - from) / 1_000);
    }
  }
}
