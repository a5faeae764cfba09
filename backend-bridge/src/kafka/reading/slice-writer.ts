import { deadLetterOf, halvesOf, IdentityUnknown, type Slice } from './slice';
import type { SourceTopic } from './source-topic';
import type { DeadLetter, DeadLetterWriter } from '../dead-letters';
import { refusalOf } from '../../decoding/undecodable';
import { UnavailableError, type Hop } from '../../domain/errors';
import { conflictMessage } from '../../domain/revision';
import type { SeriesStore, WriteOutcome } from '../../domain/store';
import type { Clock, Log, Telemetry } from '../../domain/telemetry';

export interface SliceWriterDependencies {
  readonly store: SeriesStore;
  readonly deadLetters: DeadLetterWriter;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** Why a slice is not stored. */
export type Failure =
  | { readonly kind: 'unavailable'; readonly hop: Hop; readonly message: string }
  | { readonly kind: 'gap'; readonly neededOffset: number }
  | { readonly kind: 'identity'; readonly reason: 'store_lost' | 'stale_topic' };

/** Writes the slices of one partition, and the dead letters of its records. */
export class SliceWriter {
  constructor(
    private readonly sourceTopic: SourceTopic,
    private readonly partition: number,
    /** Records before this one had their conflicts dead-lettered by an earlier reader. */
    private conflictsFrom: number,
    private readonly dependencies: SliceWriterDependencies,
  ) {}

  /** Records before this one are stored: a conflict of theirs is not dead-lettered again. */
  stored(nextOffset: number): void {
    this.conflictsFrom = Math.max(this.conflictsFrom, nextOffset);
  }

  /**
   * Writes a slice. When the store is available but fails on it, the slice is bisected down to the failing record,
   * which becomes a dead letter: no record may block its partition.
   */
  async write(slice: Slice): Promise<Failure | null> {
    try {
      return await this.writeWhole(slice);
    } catch (error) {
      if (error instanceof UnavailableError) return this.failureOf(error);
      const { sourceTopic, partition, dependencies } = this;
      const { fromOffset, toOffset } = slice;
      dependencies.log.error(
        { err: error, topic: sourceTopic.topic, partition, fromOffset, toOffset },
        'a write failed',
      );
      if (slice.records.length === 0) return this.failureOf(error);
      if (slice.records.length === 1) return this.writeWithout(slice, error);
      const [first, second] = halvesOf(slice);
      return (await this.write(first)) ?? this.write(second);
    }
  }

  /** Retries a slice of one record that failed; a second failure makes it a dead letter. */
  private async writeWithout(slice: Slice, cause: unknown): Promise<Failure | null> {
    const { store } = this.dependencies;
    const { sourceTopic, partition } = this;
    try {
      await store.checkReady();
      const again = await this.writeWhole(slice).catch((error: unknown) => {
        if (error instanceof UnavailableError) throw error;
        return 'failed' as const;
      });
      if (again !== 'failed') return again;
      const { reason, message } = refusalOf(cause);
      await this.writeAway([
        deadLetterOf(sourceTopic.consumers[0]!, sourceTopic, partition, slice.records[0]!, reason, message),
      ]);
      const writes = slice.writes.map((write) => ({ ...write, points: [], maxEventMs: null }));
      return await this.writeWhole({ ...slice, writes });
    } catch (error) {
      return this.failureOf(error);
    }
  }

  private async writeWhole(slice: Slice): Promise<Failure | null> {
    const { store, telemetry, clock } = this.dependencies;
    const { sourceTopic } = this;
    const started = performance.now();
    const outcomes = await Promise.all(slice.writes.map((batch) => store.write(batch)));
    telemetry.storeLatency('write', (performance.now() - started) / 1_000);
    let failure: Failure | null = null;
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind === 'applied') await this.applied(slice, index, outcome);
      else if (outcome.kind === 'gap') {
        const { neededOffset } = outcome;
        if (failure === null) failure = outcome;
        else if (failure.kind === 'gap' && neededOffset < failure.neededOffset) failure = outcome;
      } else failure = { kind: 'identity', reason: outcome.kind };
    }
    if (failure !== null) return failure;
    telemetry.recordsRead(sourceTopic.topic, slice.records.length);
    sourceTopic.records += slice.records.length;
    const newest = slice.records.at(-1)?.timestampMs ?? -1;
    // Producers may write any timestamp.
    if (newest >= 0)
      sourceTopic.lastRecordMs = Math.max(sourceTopic.lastRecordMs ?? 0, Math.min(newest, clock()));
    return null;
  }

  /** Counts the outcome of a write, and dead-letters records whose point belongs to another key. */
  private async applied(
    slice: Slice,
    index: number,
    outcome: Extract<WriteOutcome, { kind: 'applied' }>,
  ): Promise<void> {
    const { telemetry, log } = this.dependencies;
    const consumer = this.sourceTopic.consumers[index]!;
    const { metric } = consumer;
    const { conflicts, overCap } = outcome;
    telemetry.pointsWritten(metric.name, 'accepted', outcome.accepted);
    telemetry.pointsWritten(metric.name, 'ignored', outcome.ignored);
    telemetry.pointsWritten(metric.name, 'expired', outcome.expired);
    telemetry.pointsWritten(metric.name, 'corrected', outcome.corrected);
    telemetry.pointsWritten(metric.name, 'conflict', conflicts.length);
    telemetry.pointsWritten(metric.name, 'over_cap', overCap.length);
    const uncounted =
      overCap.length > 0 ? this.sourceTopic.overCapLog.due(metric.name, overCap.length) : null;
    if (uncounted !== null) {
      log.warn(
        { metric: metric.name, records: uncounted },
        `${metric.name} has reached ${metric.maxSeries} series; points of new series are not stored (max_series)`,
      );
    }
    if (conflicts.length === 0) return;
    const points = slice.writes[index]!.points;
    const offsets = new Set(conflicts.map((each) => points[each]!.offset));
    const letters = slice.records
      .filter(({ offset }) => offset >= this.conflictsFrom && offsets.has(offset))
      .map((record) =>
        deadLetterOf(
          consumer,
          this.sourceTopic,
          this.partition,
          record,
          'conflict',
          conflictMessage(record.key !== null),
        ),
      );
    await this.writeAway(letters);
  }

  /** To the dead-letter topic. Rejects with UnavailableError. */
  async writeAway(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.dependencies.deadLetters.write(letters);
    this.sourceTopic.deadLetters.add(letters, this.dependencies.clock());
  }

  failureOf(error: unknown): Failure {
    if (error instanceof UnavailableError) {
      return { kind: 'unavailable', hop: error.hop, message: error.message };
    }
    if (error instanceof IdentityUnknown) return { kind: 'identity', reason: 'stale_topic' };
    const { sourceTopic, partition } = this;
    // A bug; the partition stays paused at the record and is retried, visibly.
    this.dependencies.log.error(
      { err: error, topic: sourceTopic.topic, partition },
      'a batch could not be processed',
    );
    return {
      kind: 'unavailable',
      hop: 'source',
      message: `${sourceTopic.topic}/${partition}: ${(error as Error).message}`,
    };
  }
}
