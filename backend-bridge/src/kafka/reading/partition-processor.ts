import type { KafkaMessage } from 'kafkajs';
import type { SchemaRegistry } from '../schema-registry';
import { Backoff } from '../../domain/backoff';
import type { RawRecord } from '../../decoding/record-decoder';
import type { Hop } from '../../domain/errors';
import {
  decodeSlice,
  IdentityUnknown,
  usesDefaultPartitioner,
  SLICE_RECORDS,
  toRecord,
  type Slice,
} from './slice';
import type { GrowthWatch } from './growth-watch';
import { SliceWriter, type Failure, type SliceWriterDependencies } from './slice-writer';
import type { SourceTopic } from './source-topic';

export interface PartitionProcessorDependencies extends SliceWriterDependencies {
  readonly registry: SchemaRegistry | null;
  readonly growth: GrowthWatch;
  /** False while the clock may be wrong; absent: always right. */
  readonly clockCertain?: () => boolean;
}

/** The processor's control over its partition in the consumer. */
export interface PartitionControl {
  pause(): void;
  resume(): void;
  /** Continues reading at this offset. */
  seek(offset: number): void;
  /** The store's identity of the topic differs: it must be identified again. */
  identityLost(reason: 'store_lost' | 'stale_topic'): void;
}

/** One batch from kafkajs, with its callbacks. */
export interface PartitionBatch {
  readonly messages: readonly KafkaMessage[];
  /** The last offset it covers, including control and compacted records. */
  readonly lastOffset: number;
  /** False when the consumer is stopping or was repositioned. */
  active(): boolean;
  /** Reports that everything up to this offset is stored. */
  done(offset: number): void;
  /** Rejects when the group rebalances. */
  heartbeat(): Promise<void>;
}

export interface Pause {
  readonly hop: Hop;
  readonly message: string;
}

/** Concurrent writes per partition; the store applies them in order. */
const WRITE_DEPTH = 4;
const HEARTBEAT_WHILE_WAITING_MS = 1_000;
const GAPS_IN_A_ROW = 3;
/** A paused partition that receives no records for this long after resuming counts as recovered. */
const TRY_MS = 5_000;

function noTrouble(trouble: { readonly failure: unknown; readonly rebalance: unknown }): boolean {
  return trouble.failure === null && trouble.rebalance === null;
}

/** The records of a range of messages, without those before `offset`, which are stored already. */
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
 * Processes one assigned partition: decodes records, writes them in order, and tracks the stored position. A failure
 * pauses the partition and is retried; nothing is skipped.
 */
export class PartitionProcessor {
  /** Everything before this offset is processed. */
  next: number;
  /**
   * Why the partition is paused; kept until a write succeeds, so that the status does not report recovery too early.
   */
  pausedBy: Pause | null = null;
  /** True while a paused partition processes one more batch as a retry. */
  private trying = false;
  busy = false;
  ended = false;
  private gaps = 0;
  private readonly writer: SliceWriter;
  private retryTimer: NodeJS.Timeout | null = null;
  private readonly backoff = new Backoff(400, 4_000);
  /** The last pause message logged since a write succeeded, so that repeated failures are logged once. */
  private lastLogged: string | null = null;

  constructor(
    readonly sourceTopic: SourceTopic,
    readonly partition: number,
    startOffset: number,
    /** Records before this one had their dead letters written by an earlier reader. */
    private deadLettersFrom: number,
    /** Records before this one had their conflicts dead-lettered by an earlier reader. */
    conflictsFrom: number,
    private readonly control: PartitionControl,
    private readonly dependencies: PartitionProcessorDependencies,
  ) {
    this.next = startOffset;
    this.writer = new SliceWriter(sourceTopic, partition, conflictsFrom, dependencies);
  }

  end(): void {
    this.ended = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
  }

  /** Processes a batch as far as possible. Rejects only with the error of heartbeat(). */
  async take(batch: PartitionBatch): Promise<void> {
    if (this.ended || (this.pausedBy !== null && !this.trying) || this.busy) return;
    this.busy = true;
    try {
      await this.takeSlices(batch);
    } finally {
      this.busy = false;
    }
  }

  /** Moves the stored offset past control and aborted records, which have nothing to decode. */
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
      this.writer.stored(this.next);
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
        underWay.push({ last, outcome: this.writer.write(decoded) });
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

  /** Waits for a write while sending heartbeats. */
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
          'keys are not in the default partitions of Java producers; ordering records by offset only',
        );
        slice = await decodeSlice(sourceTopic, partition, range, registry, clock(), certain);
      }
      const letters = slice.deadLetters.filter(({ lastOffset }) => lastOffset >= this.deadLettersFrom);
      // Before the write: once the stored offset has moved past these records, they are not read again.
      await this.writer.writeAway(letters);
      this.deadLettersFrom = Math.max(this.deadLettersFrom, range.toOffset + 1);
      return slice;
    } catch (error) {
      return this.writer.failureOf(error);
    }
  }

  private handle(failure: Failure): void {
    switch (failure.kind) {
      case 'unavailable':
        this.pauseFor(failure);
        return;
      case 'identity':
        this.pausedBy = {
          hop: 'source',
          message: `${this.sourceTopic.topic} is being identified again (${failure.reason})`,
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
            message: `the store asks for ${this.sourceTopic.topic}/${this.partition} from ${failure.neededOffset} repeatedly`,
          });
        }
    }
  }

  /** Pauses the partition and schedules a retry from the stored position. */
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
    this.dependencies.log.info({ topic: this.sourceTopic.topic, partition: this.partition }, 'resumed');
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
    // The records it was paused at may have been deleted from the log, with none after them.
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
