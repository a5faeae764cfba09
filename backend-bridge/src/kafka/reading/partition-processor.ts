import type { KafkaMessage } from 'kafkajs';
import type { SchemaRegistry } from '../schema-registry';
import { Backoff } from '../backoff';
import type { DeadLetter, DeadLetterWriter } from '../dead-letters';
import type { RawRecord } from '../../decoding/record-decoder';
import { refusalOf } from '../../decoding/undecodable';
import { UnavailableError, type Hop } from '../../domain/errors';
import type { SeriesStore, WriteOutcome } from '../../domain/store';
import type { Clock, Log, Telemetry } from '../../domain/telemetry';
import {
  decodeSlice,
  deadLetterOf,
  halvesOf,
  IdentityUnknown,
  usesDefaultPartitioner,
  SLICE_RECORDS,
  toRecord,
  type Slice,
} from './slice';
import type { GrowthWatch } from './growth-watch';
import type { SourceTopic } from './source-topic';

export interface PartitionProcessorDependencies {
  readonly store: SeriesStore;
  readonly registry: SchemaRegistry | null;
  readonly deadLetters: DeadLetterWriter;
  readonly growth: GrowthWatch;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** False while the clock may be wrong; absent: it never is. */
  readonly clockCertain?: () => boolean;
}

/** What a flow asks of the consumer that feeds it. */
export interface PartitionControl {
  pause(): void;
  resume(): void;
  /** Read again from this offset. */
  seek(offset: number): void;
  /** The store no longer knows the topic as we do: it must be identified again. */
  identityLost(reason: 'store_lost' | 'stale_topic'): void;
}

/** One batch as kafkajs hands it over, and its ways back. */
export interface PartitionBatch {
  readonly messages: readonly KafkaMessage[];
  /** The last offset it covers, control records and compacted ones included. */
  readonly lastOffset: number;
  /** False when the consumer stops, or has been told to read elsewhere. */
  active(): boolean;
  /** The store has everything up to this offset. */
  done(offset: number): void;
  /** Rejects when the group rebalances. */
  heartbeat(): Promise<void>;
}

export interface Pause {
  readonly hop: Hop;
  readonly message: string;
}

type Failure =
  | { readonly kind: 'unavailable'; readonly hop: Hop; readonly message: string }
  | { readonly kind: 'gap'; readonly neededOffset: number }
  | { readonly kind: 'identity'; readonly reason: 'store_lost' | 'stale_topic' };

const KEY_CONFLICT =
  'another key gave this point already, and the point keeps its number: labels and window are the same, and the keys differ in a part that the mapping leaves out; map that part to a dimension';
const KEYLESS_CONFLICT =
  'another partition gave this point already, and the point keeps its number: records without a key have no order between partitions; give them a key';

/** Writes under way at once for one partition; the store takes them in order. */
const WRITE_DEPTH = 4;
const HEARTBEAT_WHILE_WAITING_MS = 1_000;
const GAPS_IN_A_ROW = 3;
/** A held flow that is fed nothing for so long has nothing to stand at. */
const TRY_MS = 5_000;

function noTrouble(trouble: { readonly failure: unknown; readonly rebalance: unknown }): boolean {
  return trouble.failure === null && trouble.rebalance === null;
}

/** The records of a range of messages; those before `offset` are in the store already. */
function recordsFrom(
  messages: readonly KafkaMessage[],
  from: number,
  to: number,
  offset: number,
): RawRecord[] {
  const records: RawRecord[] = [];
  for (let i = from; i < to; i += 1) {
    const record = toRecord(messages[i]!);
    if (record.offset >= offset) records.push(record);
  }
  return records;
}

/**
 * One assigned partition: decodes what is read, writes it in order, and knows how far the store is.
 * Whatever fails pauses the partition and is tried again; nothing is skipped.
 */
export class PartitionProcessor {
  /** Everything before this offset is in the store and dealt with. */
  next: number;
  /** Why it stands; stays until something was taken again, so that nobody is told in between that all is well. */
  pausedBy: Pause | null = null;
  /** A held flow takes one more batch to see whether it goes again. */
  private trying = false;
  busy = false;
  ended = false;
  private gaps = 0;
  private retryTimer: NodeJS.Timeout | null = null;
  private readonly backoff = new Backoff(400, 4_000);
  /** What the log has been told since records last went through: tries that end alike are told once. */
  private lastLogged: string | null = null;

  constructor(
    readonly sourceTopic: SourceTopic,
    readonly partition: number,
    startOffset: number,
    /** Records before this one had their dead letters in an earlier life. */
    private deadLettersFrom: number,
    /** Records before this one had their conflicts dead-lettered in an earlier life. */
    private conflictsFrom: number,
    private readonly control: PartitionControl,
    private readonly dependencies: PartitionProcessorDependencies,
  ) {
    this.next = startOffset;
  }

  end(): void {
    this.ended = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
  }

  /** Takes a batch as far as it goes. Rejects only with what heartbeat() rejected with. */
  async take(batch: PartitionBatch): Promise<void> {
    if (this.ended || (this.pausedBy !== null && !this.trying) || this.busy) return;
    this.busy = true;
    try {
      await this.takeSlices(batch);
    } finally {
      this.busy = false;
    }
  }

  /** Control records and aborted ones leave nothing to decode, and still move the store's offset. */
  async coverEmpty(lastOffset: number): Promise<void> {
    await this.take({
      messages: [],
      lastOffset,
      active: () => !this.ended,
      done: () => undefined,
      heartbeat: () => Promise.resolve(),
    });
  }

  private async takeSlices(batch: PartitionBatch): Promise<void> {
    const { messages, lastOffset } = batch;
    const underWay: { readonly last: number; readonly outcome: Promise<Failure | null> }[] = [];
    const trouble: { failure: Failure | null; rebalance: { readonly error: unknown } | null } = {
      failure: null,
      rebalance: null,
    };
    const beat = (): Promise<void> =>
      batch.heartbeat().catch((error: unknown) => {
        trouble.rebalance ??= { error };
      });

    const settleFirst = async (): Promise<void> => {
      const { last, outcome } = underWay.shift()!;
      const result = await this.whileBeating(outcome, beat);
      trouble.failure ??= result;
      if (trouble.failure !== null || this.ended) return;
      this.next = last + 1;
      this.release();
      this.conflictsFrom = Math.max(this.conflictsFrom, this.next);
      this.backoff.reset();
      this.gaps = 0;
      this.logResumed();
      batch.done(last);
    };

    let from = this.next;
    let at = 0;
    do {
      const to = Math.min(at + SLICE_RECORDS, messages.length);
      const last = to === messages.length ? lastOffset : Number(messages[to - 1]!.offset);
      if (last >= from) {
        const decoded = await this.decode({
          fromOffset: from,
          toOffset: last,
          records: recordsFrom(messages, at, to, from),
        });
        if ('kind' in decoded) {
          trouble.failure = decoded;
          break;
        }
        underWay.push({ last, outcome: this.write(decoded) });
        from = last + 1;
        if (underWay.length >= WRITE_DEPTH) await settleFirst();
        await beat();
      }
      at = to;
    } while (at < messages.length && noTrouble(trouble) && batch.active() && !this.ended);

    while (underWay.length > 0) await settleFirst();
    if (trouble.failure !== null && !this.ended) this.handle(trouble.failure);
    if (trouble.rebalance !== null) throw trouble.rebalance.error;
  }

  /** Waits for a write with the group's heartbeat going on. */
  private async whileBeating<T>(work: Promise<T>, beat: () => Promise<void>): Promise<T> {
    const timer = setInterval(() => void beat(), HEARTBEAT_WHILE_WAITING_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  private async decode(range: Parameters<typeof decodeSlice>[2]): Promise<Slice | Failure> {
    const { registry, growth, log, clock } = this.dependencies;
    const { sourceTopic, partition } = this;
    const certain = this.dependencies.clockCertain?.() ?? true;
    try {
      let slice = await decodeSlice(sourceTopic, partition, range, registry, clock(), certain);
      if (!(await growth.isTopicCurrent(sourceTopic.topic, slice.writes))) throw new IdentityUnknown();
      if (sourceTopic.defaultPartitioner && !usesDefaultPartitioner(sourceTopic, partition, slice.writes)) {
        sourceTopic.defaultPartitioner = false;
        log.info(
          { topic: sourceTopic.topic },
          'keys are not placed as Java producers place them; offsets alone order them',
        );
        slice = await decodeSlice(sourceTopic, partition, range, registry, clock(), certain);
      }
      const letters = slice.deadLetters.filter(({ lastOffset }) => lastOffset >= this.deadLettersFrom);
      // Before the write: once the store has passed these records, nobody would read them again.
      await this.writeAway(letters);
      this.deadLettersFrom = Math.max(this.deadLettersFrom, range.toOffset + 1);
      return slice;
    } catch (error) {
      return this.failureOf(error);
    }
  }

  /**
   * Writes a slice. Where the store fails on it for no reason of its own, the slice is halved down to the record at
   * fault, which becomes a dead letter: no record may hold its partition up.
   */
  private async write(slice: Slice): Promise<Failure | null> {
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

  /** For a slice of one record that the store has failed on: a dead letter, once the store has failed on it again. */
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
    // A timestamp may be any number that a producer has written.
    if (newest >= 0)
      sourceTopic.lastRecordMs = Math.max(sourceTopic.lastRecordMs ?? 0, Math.min(newest, clock()));
    return null;
  }

  /** Counts what became of a write, and dead-letters the records whose point another key holds. */
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
    if (overCap.length > 0) {
      log.warn(
        { metric: metric.name, records: overCap.length },
        `${metric.name} has its ${metric.maxSeries} series; points of new ones are not stored (max_series)`,
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
          record.key === null ? KEYLESS_CONFLICT : KEY_CONFLICT,
        ),
      );
    await this.writeAway(letters);
  }

  /** To the dead-letter topic. Rejects with UnavailableError. */
  private async writeAway(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.dependencies.deadLetters.write(letters);
    this.sourceTopic.deadLetters.add(letters, this.dependencies.clock());
  }

  private failureOf(error: unknown): Failure {
    if (error instanceof UnavailableError) {
      return { kind: 'unavailable', hop: error.hop, message: error.message };
    }
    if (error instanceof IdentityUnknown) return { kind: 'identity', reason: 'stale_topic' };
    const { sourceTopic, partition } = this;
    // A defect; the record stays where it is, and the partition is tried again, visibly.
    this.dependencies.log.error(
      { err: error, topic: sourceTopic.topic, partition },
      'a batch could not be taken',
    );
    return {
      kind: 'unavailable',
      hop: 'source',
      message: `${sourceTopic.topic}/${partition}: ${(error as Error).message}`,
    };
  }

  private handle(failure: Failure): void {
    switch (failure.kind) {
      case 'unavailable':
        this.pauseFor(failure);
        return;
      case 'identity':
        this.pausedBy = {
          hop: 'source',
          message: `${this.sourceTopic.topic} is identified again (${failure.reason})`,
        };
        this.trying = false;
        this.control.pause();
        this.control.identityLost(failure.reason);
        return;
      case 'gap':
        this.dependencies.log.info(
          {
            topic: this.sourceTopic.topic,
            partition: this.partition,
            from: failure.neededOffset,
            was: this.next,
          },
          'the store lacks earlier records; reading them again',
        );
        this.next = failure.neededOffset;
        this.control.seek(failure.neededOffset);
        this.gaps += 1;
        if (this.gaps > GAPS_IN_A_ROW) {
          this.pauseFor({
            hop: 'store',
            message: `the store asks for ${this.sourceTopic.topic}/${this.partition} from ${failure.neededOffset} again and again`,
          });
        }
    }
  }

  /** Pauses, waits, asks the hop if it can be asked, and goes on where the store is. */
  private pauseFor(pausedBy: Pause): void {
    if (this.pausedBy === null) {
      this.dependencies.telemetry.hopFailed(pausedBy.hop);
      if (this.lastLogged !== pausedBy.message) {
        const { sourceTopic, partition } = this;
        this.dependencies.log.warn(
          { topic: sourceTopic.topic, partition, hop: pausedBy.hop },
          `paused: ${pausedBy.message}`,
        );
      }
      this.lastLogged = pausedBy.message;
    }
    this.pausedBy = pausedBy;
    this.trying = false;
    this.control.pause();
    this.waitFor(this.backoff.next(), () => void this.retry());
  }

  private logResumed(): void {
    if (this.lastLogged === null) return;
    this.lastLogged = null;
    this.dependencies.log.info({ topic: this.sourceTopic.topic, partition: this.partition }, 'goes on');
  }

  private async retry(): Promise<void> {
    const paused = this.pausedBy;
    if (this.ended || paused === null) return;
    if (paused.hop === 'store') {
      try {
        await this.dependencies.store.checkReady();
      } catch (error) {
        if (!this.isEnded()) this.pauseFor({ hop: 'store', message: (error as Error).message });
        return;
      }
    }
    if (this.isEnded()) return;
    this.trying = true;
    this.control.resume();
    // The records it stood at may be gone from the log, with none behind them.
    this.waitFor(TRY_MS, () => {
      if (!this.busy) this.release();
    });
  }

  private release(): void {
    this.pausedBy = null;
    this.trying = false;
  }

  private waitFor(ms: number, act: () => void): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(act, ms);
  }

  private isEnded(): boolean {
    return this.ended;
  }
}
