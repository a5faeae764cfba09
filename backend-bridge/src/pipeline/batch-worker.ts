import { within } from '../domain/deadline';
import { UnavailableError } from '../domain/errors';
import type { IngestResult } from '../domain/source';
import { enrich, type CountedEvent, type PendingEvent } from './enrichment';
import type { PipelineDependencies } from './embedded-pipeline';
import type { Call, IngestQueue } from './ingest-queue';
import type { BoundOutput } from './metric-outputs';
import { changesToPendingWrites, openWindowsToPendingWrites, type Cursor, type PendingWrite } from './outbox';
import { ProfileCache } from './profile-cache';
import type { Profile } from './raw-event';
import type { PipelineRules } from './rules';
import type { Batch, StateEnvironment } from './state-environment';
import { OutOfSync, type StoreWriter } from './store-writer';
import { OUTSIDE, type TenantFilter } from './tenant-filter';
import type { Topology } from './topology';

/**
 * The one loop that counts: take whole calls, count them, commit them (state and outbox in one transaction), write
 * them to the store, answer the callers. A call whose transaction did not commit is not counted, and told so; one that
 * did is accepted, even when the store gets it later. Whatever goes wrong with the store, the way back is the same:
 * synchronise.
 */

export interface WorkerLimits {
  /** Items of the calls that share one transaction; a larger call has one of its own. */
  readonly maxBatchItems: number;
  readonly maxOpenEntries: number;
  /** How long a call waits for its answer at most. */
  readonly answerWithinMs: number;
  readonly keepOutboxMs: number;
}

const RETRY_MS = 250;
/** A disk that takes longer for one transaction leaves its callers without knowing what became of it. */
const COMMIT_WITHIN_MS = 20_000;
/** A store that was not heard of for so long is asked before anything is counted. */
const ASK_STORE_AFTER_MS = 1_000;
const CHECKPOINT_AFTER_EVENTS = 50_000;
const MAX_KEPT_BATCHES = 10_000;
const NO_PROFILES: ReadonlyMap<string, Profile | null> = new Map();

export class BatchWorker {
  failing: UnavailableError | null = null;
  synchronised = false;
  private topology: Topology;
  private cursors: Record<string, Cursor> = {};
  private readonly profiles: ProfileCache;
  /** Committed calls that the store may not have yet. */
  private inFlight: Call[] = [];
  /** Settled when the transaction under way is decided. */
  private committing: Promise<unknown> = Promise.resolve();
  private acknowledged: { seq: number; atMs: number }[] = [];
  private uncheckpointed = 0;
  /** The memory may be ahead of the disk: read the disk again before anything else. */
  private stateInDoubt = false;
  /** How often the store was called lost; synchronising that began before does not count. */
  private losses = 0;
  private catchingUp = 0;
  private storeHeardMs = Number.NEGATIVE_INFINITY;
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private wakeUp: () => void = () => undefined;
  private woken = false;

  constructor(
    private readonly environment: StateEnvironment,
    readonly writer: StoreWriter,
    private readonly outputs: readonly BoundOutput[],
    private readonly queue: IngestQueue,
    private readonly rules: PipelineRules,
    private readonly dependencies: PipelineDependencies,
    private readonly limits: WorkerLimits,
  ) {
    this.profiles = new ProfileCache((userId) => environment.profile(userId));
    this.topology = this.restore();
  }

  start(): void {
    this.running = true;
    this.loop = this.run();
  }

  /** Resolves when the call is counted for good, rejects when nothing of it is; always within `answerWithinMs`. */
  async submit(call: Call): Promise<IngestResult> {
    this.queue.add(call);
    this.wake();
    const timer = setTimeout(() => void this.overdue(call), this.limits.answerWithinMs);
    try {
      return await call.answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets the batch under way finish; what still waits is refused, and what is committed is answered without the store. */
  async stop(): Promise<void> {
    this.running = false;
    this.queue.failAll(
      new UnavailableError(
        'pipeline',
        'the embedded pipeline is stopping; none of these events were counted, send them again',
      ),
    );
    this.wake();
    // A store that hangs must not keep their answers: they are committed.
    await this.answer(this.inFlight.splice(0)).catch(() => undefined);
    await this.loop;
    await this.answer(this.inFlight.splice(0)).catch(() => undefined);
    try {
      if (!this.stateInDoubt) await this.environment.checkpoint(this.topology);
    } catch (error) {
      this.dependencies.log.warn(
        { err: error },
        'the last checkpoint failed; the journal is read at the next start',
      );
    }
    await this.environment.close();
  }

  wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  storeLost(): void {
    this.losses += 1;
    this.synchronised = false;
    this.wake();
  }

  /** While `work` runs there is more to come, even when the queue is empty for a moment. */
  async catchUp<T>(work: () => Promise<T>): Promise<T> {
    this.catchingUp += 1;
    try {
      return await work();
    } finally {
      this.catchingUp -= 1;
    }
  }

  newestEventMs(): number | null {
    return this.topology.aggregations.highActivity.streamTimeMs;
  }

  nextOffset(metric: string): number {
    return this.cursors[metric]!.nextOffset;
  }

  /** Tells the store that nothing is queued, or that something is. */
  async report(): Promise<void> {
    if (!this.synchronised || !this.running) return;
    try {
      const atEnd = this.catchingUp === 0 && this.queue.empty && this.inFlight.length === 0;
      await this.writer.report(this.environment.id, atEnd);
    } catch (error) {
      if (error instanceof OutOfSync) {
        this.dependencies.log.warn(
          { reason: error.reason },
          'the store lost what it acknowledged; synchronising',
        );
        this.synchronised = false;
        this.wake();
        return;
      }
      // The next write finds out what is wrong with the store, and says so.
      this.dependencies.log.debug({ err: error }, 'the store did not take the report of the partitions');
    }
  }

  private async run(): Promise<void> {
    while (this.running) {
      try {
        if (this.stateInDoubt) this.topology = this.restore();
        if (!this.synchronised) await this.synchronise();
        this.failing = null;
        if (this.queue.empty) await this.sleep();
        else await this.countBatch();
      } catch (error) {
        if (error instanceof OutOfSync) {
          this.dependencies.log.warn(
            { reason: error.reason },
            'the store is out of step with the pipeline; synchronising',
          );
          this.synchronised = false;
        } else await this.failed(error);
      }
    }
  }

  private async failed(error: unknown): Promise<void> {
    const known = asUnavailable(error);
    if (this.failing === null) {
      this.dependencies.log.error({ err: error, hop: known.hop }, 'the pipeline cannot go on; trying again');
      this.dependencies.telemetry.hopFailed(known.hop);
    }
    this.failing = known;
    this.synchronised = false;
    this.queue.failAll(known);
    await this.sleep(RETRY_MS);
  }

  private async sleep(ms?: number): Promise<void> {
    if (this.woken && ms === undefined) {
      this.woken = false;
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.woken = false;
    this.wakeUp = () => undefined;
  }

  private restore(): Topology {
    const { topology, replayed, rulesChanged } = this.environment.restore(this.rules);
    if (rulesChanged) {
      this.dependencies.log.warn(
        {},
        'the windows on disk were counted by other rules; open windows begin anew',
      );
    }
    const { offsets } = this.environment;
    this.cursors = Object.fromEntries(
      this.outputs.map(({ metric }) => [
        metric.name,
        { nextOffset: offsets[metric.name] ?? 0, toldMs: null },
      ]),
    );
    this.profiles.clear();
    this.uncheckpointed = replayed;
    this.stateInDoubt = false;
    return topology;
  }

  private async countBatch(): Promise<void> {
    if (performance.now() - this.storeHeardMs > ASK_STORE_AFTER_MS) {
      await this.writer.checkReady();
      this.storeHeardMs = performance.now();
    }
    const calls = this.queue.take(this.limits.maxBatchItems);
    if (calls.length === 0) return;
    const commit = this.commit(calls);
    this.committing = commit.catch(() => undefined);
    const { events, writes } = await commit;
    this.profiles.settled();
    this.tellLate(events.length);
    this.uncheckpointed += events.length;
    this.inFlight.push(...calls);
    await this.writer.send(writes);
    await this.delivered();
  }

  /** All of these calls in one transaction. When it fails none of them is counted, whatever failed, and each hears so. */
  private async commit(
    calls: readonly Call[],
  ): Promise<{ events: readonly CountedEvent[]; writes: readonly PendingWrite[] }> {
    for (const call of calls) call.stage = 'committing';
    try {
      const { events, profiles } = this.count(calls);
      const writes = changesToPendingWrites(this.outputs, this.topology, this.cursors);
      const seq = this.environment.seq + 1;
      await this.environment.commit({ seq, events, profiles, writes, offsets: this.offsets() });
      for (const call of calls) call.stage = 'committed';
      return { events, writes };
    } catch (error) {
      this.stateInDoubt = true;
      const cause = asUnavailable(error);
      for (const call of calls) if (!call.settled) call.fail(cause);
      throw cause;
    }
  }

  private count(calls: readonly Call[]): {
    events: CountedEvent[];
    profiles: ReadonlyMap<string, Profile | null>;
  } {
    const events: CountedEvent[] = [];
    for (const call of calls) {
      for (const item of call.items) {
        const outcome =
          item.kind === 'profile'
            ? this.setProfile(item.userId, item.profile, call.tenant)
            : this.countEvent(item.event, call.tenant);
        if (typeof outcome === 'string') call.rejected.push({ index: item.index, reason: outcome });
        else {
          call.accepted += 1;
          if (outcome !== null) events.push(outcome);
        }
      }
    }
    return { events, profiles: this.profiles.changed() };
  }

  /** Returns the event as it is counted, or the reason why it is not. */
  private countEvent(pending: PendingEvent, tenant: TenantFilter | null): CountedEvent | string {
    const event = enrich(pending, this.profiles.get(pending.userId), this.rules);
    if (event === null) return 'the user has no profile';
    if (tenant?.allows(event.userId, event.segment) === false) return OUTSIDE;
    const { maxOpenEntries } = this.limits;
    if (this.topology.entries >= maxOpenEntries && !this.topology.fitsWhenFull(event)) {
      return `the open windows hold ${maxOpenEntries} users and segments, which is the limit; send it again when they have closed`;
    }
    this.topology.apply(event);
    return event;
  }

  /** A tenant may neither take a user out of another's segment nor put one into it. */
  private setProfile(userId: string, profile: Profile | null, tenant: TenantFilter | null): null | string {
    if (tenant !== null) {
      const before = this.profiles.get(userId);
      const { unknownSegment } = this.rules;
      if (before !== undefined && !tenant.allows(userId, before.segment ?? unknownSegment)) return OUTSIDE;
      if (!tenant.allows(userId, profile?.segment ?? unknownSegment)) return OUTSIDE;
    }
    this.profiles.set(userId, profile);
    return null;
  }

  private offsets(): Record<string, number> {
    const offsets: Record<string, number> = { ...this.environment.offsets };
    for (const [metric, { nextOffset }] of Object.entries(this.cursors)) offsets[metric] = nextOffset;
    return offsets;
  }

  private async keep(batch: Batch): Promise<void> {
    try {
      await this.environment.commit(batch);
    } catch (error) {
      this.stateInDoubt = true;
      throw error;
    }
  }

  /** Everything in the outbox is in the store: answer who waits for it. */
  private async delivered(): Promise<void> {
    this.storeHeardMs = performance.now();
    await this.answer(this.inFlight.splice(0));
    await this.tidy();
  }

  /** Answers committed calls once they would survive a loss of power too. */
  private async answer(calls: readonly Call[]): Promise<void> {
    try {
      if (calls.length > 0) await this.environment.flushed();
      for (const call of calls) if (!call.settled) call.succeed();
    } catch (error) {
      for (const call of calls) if (!call.settled) call.fail(undecided(asUnavailable(error)));
      throw error;
    }
  }

  /** A call that was not answered in time: what becomes of it is decided now, or is said to be open. */
  private async overdue(call: Call): Promise<void> {
    switch (call.stage) {
      case 'waiting':
        this.queue.remove(call);
        call.fail(
          this.failing ??
            new UnavailableError(
              'pipeline',
              `the embedded pipeline did not come to these events within ${this.limits.answerWithinMs} ms; none of them were counted, send them again`,
            ),
        );
        return;
      case 'committing':
      case 'committed':
        // A failed commit has answered already; after a successful one the store gets them from the outbox.
        if (await within(this.committing, COMMIT_WITHIN_MS)) await this.answer([call]).catch(() => undefined);
        else
          call.fail(undecided(new UnavailableError('pipeline', 'the disk under STORE_PATH does not answer')));
    }
  }

  private async tidy(): Promise<void> {
    const nowMs = performance.now();
    const { seq } = this.environment;
    if (this.acknowledged.at(-1)?.seq !== seq) this.acknowledged.push({ seq, atMs: nowMs });
    const crowded = this.acknowledged.length > MAX_KEPT_BATCHES;
    if (crowded || this.acknowledged[0]!.atMs + 2 * this.limits.keepOutboxMs <= nowMs) {
      const old = crowded
        ? MAX_KEPT_BATCHES / 2
        : this.acknowledged.findLastIndex(({ atMs }) => atMs + this.limits.keepOutboxMs <= nowMs);
      await this.environment.pruneOutbox(this.acknowledged[old]!.seq);
      this.acknowledged.splice(0, old + 1);
    }
    if (this.uncheckpointed >= Math.max(CHECKPOINT_AFTER_EVENTS, this.topology.entries)) {
      await this.environment.checkpoint(this.topology);
      this.uncheckpointed = 0;
    }
  }

  private tellLate(events: number): void {
    const { telemetry } = this.dependencies;
    if (events > 0) telemetry.recordsRead('raw-events', events);
    for (const { metric, aggregation } of this.outputs) {
      const late = this.topology.aggregations[aggregation].takeLate();
      if (late > 0) telemetry.lateEvents(metric.name, late);
    }
  }

  /**
   * Finds out how far the store has come with each metric and sends it what it lacks: from the outbox where
   * that reaches back far enough, else everything in the open windows under new offsets.
   */
  private async synchronise(): Promise<void> {
    const { log } = this.dependencies;
    const { losses } = this;
    const id = this.environment.id;
    const reopen: BoundOutput[] = [];
    for (const output of this.outputs) {
      const { name } = output.metric;
      const cursor = this.cursors[name]!;
      const standing = await this.writer.identify(name, id, cursor.nextOffset);
      if (standing === 'stale') {
        log.warn({ metric: name }, 'the store had another source since; the pipeline takes a new identity');
        await this.environment.renewId();
        throw new OutOfSync('stale_topic');
      }
      let needed = standing.neededOffset;
      if (needed > cursor.nextOffset) {
        log.warn(
          { metric: name, store: needed, pipeline: cursor.nextOffset },
          'the store is ahead of the pipeline, whose state is older; open windows are told anew',
        );
        cursor.nextOffset = needed;
        reopen.push(output);
        continue;
      }
      const lacking = this.lacking(name, needed);
      const from = lacking[0]?.fromOffset ?? cursor.nextOffset;
      if (from > needed) {
        log.warn(
          { metric: name, from: needed, to: from },
          'the store lacks points that the pipeline no longer has; closed windows among them stay as the store has them, open ones are told anew',
        );
        await this.writer.skipTo(name, id, from);
        needed = from;
        reopen.push(output);
      }
      await this.writer.send(lacking);
    }
    if (reopen.length > 0) await this.tellOpenWindows(reopen);
    await this.delivered();
    this.synchronised = losses === this.losses;
  }

  private lacking(metric: string, neededOffset: number): PendingWrite[] {
    const writes: PendingWrite[] = [];
    for (const entry of this.environment.outbox()) {
      for (const write of entry.writes) {
        if (write.metric === metric && write.toOffset >= neededOffset) writes.push(write);
      }
    }
    return writes;
  }

  private async tellOpenWindows(outputs: readonly BoundOutput[]): Promise<void> {
    const writes = outputs.flatMap((output) =>
      openWindowsToPendingWrites(output, this.topology, this.cursors[output.metric.name]!),
    );
    const seq = this.environment.seq + 1;
    await this.keep({ seq, events: [], profiles: NO_PROFILES, writes, offsets: this.offsets() });
    await this.writer.send(writes);
  }
}

function asUnavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  return new UnavailableError('pipeline', `the pipeline failed: ${(error as Error).message}`, {
    cause: error,
  });
}

/** Only for a disk that fails while it is written: nobody can know what it holds. */
function undecided(cause: UnavailableError): UnavailableError {
  return new UnavailableError(
    cause.hop,
    `${cause.message}; these events are counted all or not at all, and it is open which: look before you send them again`,
    { cause },
  );
}
