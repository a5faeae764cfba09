import { within } from '../domain/deadline';
import { UnavailableError } from '../domain/errors';
import type { IngestResult } from '../domain/source';
import { CallCounter } from './call-counter';
import type { CountedEvent } from './enrichment';
import type { PipelineDependencies } from './embedded-pipeline';
import type { Call, IngestQueue } from './ingest-queue';
import type { BoundOutput } from './metric-outputs';
import { changesToPendingWrites, openWindowsToPendingWrites, type Cursor, type PendingWrite } from './outbox';
import { ProfileCache } from './profile-cache';
import type { Profile } from './raw-event';
import type { PipelineRules } from './rules';
import type { Batch, StateEnvironment } from './state-environment';
import { OutOfSync, type StoreWriter } from './store-writer';
import type { Topology } from './topology';

/**
 * The pipeline's loop: takes whole calls, counts them, commits them (state and outbox in one transaction), writes them
 * to the store, and answers the callers. A call is accepted once its transaction is committed, even if the store
 * receives it later; otherwise none of it is counted. Every failure of the store is handled the same way: by
 * synchronising.
 */

export interface WorkerLimits {
  /** Most items per shared transaction; a larger call gets its own. */
  readonly maxBatchItems: number;
  readonly maxOpenEntries: number;
  /** Longest time until a call is answered. */
  readonly answerWithinMs: number;
  readonly keepOutboxMs: number;
}

const RETRY_MS = 250;
/** Commit timeout; when it passes, the outcome of the call is unknown to its caller. */
const COMMIT_WITHIN_MS = 20_000;
/** When the store has not answered for this long, it is checked before anything is counted. */
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
  private readonly counter: CallCounter;
  /** Committed calls that may not be in the store yet. */
  private inFlight: Call[] = [];
  /** Settles with the transaction in progress. */
  private committing: Promise<unknown> = Promise.resolve();
  private acknowledged: { seq: number; atMs: number }[] = [];
  private uncheckpointed = 0;
  /** True when memory may be ahead of the disk and must be reloaded first. */
  private stateInDoubt = false;
  /** Counts store losses; a synchronisation that began before the last one is invalid. */
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
    this.counter = new CallCounter(this.profiles, rules, limits.maxOpenEntries);
    this.topology = this.restore();
  }

  start(): void {
    this.running = true;
    this.loop = this.run();
  }

  /** Resolves when the call is durably counted, rejects when none of it is; always within `answerWithinMs`. */
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

  /** Finishes the current batch, refuses waiting calls, and answers committed ones without the store. */
  async stop(): Promise<void> {
    this.running = false;
    this.queue.failAll(
      new UnavailableError(
        'pipeline',
        'the embedded pipeline is stopping; none of these events were counted, send them again',
      ),
    );
    this.wake();
    // Committed calls are answered even if the store hangs.
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

  /** While `work` runs the input is not at its end, even when the queue is empty for a moment. */
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

  /** Reports to the store whether the queue is empty. */
  async report(): Promise<void> {
    if (!this.synchronised || !this.running) return;
    try {
      const atEnd = this.catchingUp === 0 && this.queue.empty && this.inFlight.length === 0;
      await this.writer.report(this.environment.id, atEnd);
    } catch (error) {
      if (error instanceof OutOfSync) {
        this.dependencies.log.warn(
          { reason: error.reason },
          'the store lost acknowledged points; synchronising',
        );
        this.synchronised = false;
        this.wake();
        return;
      }
      // The next write reports what is wrong with the store.
      this.dependencies.log.debug({ err: error }, 'positions could not be reported to the store');
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
            'the store is out of sync with the pipeline; synchronising',
          );
          this.synchronised = false;
        } else await this.failed(error);
      }
    }
  }

  private async failed(error: unknown): Promise<void> {
    const known = asUnavailable(error);
    if (this.failing === null) {
      this.dependencies.log.error({ err: error, hop: known.hop }, 'pipeline failure; retrying');
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
        'the windows on disk were counted by other rules; restarting the open windows',
      );
    }
    const { offsets } = this.environment;
    this.cursors = Object.fromEntries(
      this.outputs.map(({ metric }) => [
        metric.name,
        { nextOffset: offsets[metric.name] ?? 0, sentMs: null },
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
    this.reportLate(events.length);
    this.uncheckpointed += events.length;
    this.inFlight.push(...calls);
    await this.writer.send(writes);
    await this.delivered();
  }

  /** Counts these calls in one transaction. On any failure none of them is counted, and each is rejected. */
  private async commit(
    calls: readonly Call[],
  ): Promise<{ events: readonly CountedEvent[]; writes: readonly PendingWrite[] }> {
    for (const call of calls) call.stage = 'committing';
    try {
      const { events, profiles } = this.counter.count(this.topology, calls);
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

  /** Everything in the outbox is stored: answers the waiting callers. */
  private async delivered(): Promise<void> {
    this.storeHeardMs = performance.now();
    await this.answer(this.inFlight.splice(0));
    await this.tidy();
  }

  /** Answers committed calls once they would survive a power failure. */
  private async answer(calls: readonly Call[]): Promise<void> {
    try {
      if (calls.length > 0) await this.environment.flushed();
      for (const call of calls) if (!call.settled) call.succeed();
    } catch (error) {
      for (const call of calls) if (!call.settled) call.fail(undecided(asUnavailable(error)));
      throw error;
    }
  }

  /** Handles a call that timed out: settles it, or reports its outcome as unknown. */
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
        // A failed commit has been answered already; after a successful one the store receives the events from the
        // outbox.
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

  private reportLate(events: number): void {
    const { telemetry } = this.dependencies;
    if (events > 0) telemetry.recordsRead('raw-events', events);
    for (const { metric, aggregation } of this.outputs) {
      const late = this.topology.aggregations[aggregation].takeLate();
      if (late > 0) telemetry.lateEvents(metric.name, late);
    }
  }

  /**
   * Reads the store's position of each metric and sends what is missing: from the outbox if it reaches back far enough,
   * else everything in the open windows under new offsets.
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
        log.warn({ metric: name }, 'the store had another source since; creating a new pipeline identity');
        await this.environment.renewId();
        throw new OutOfSync('stale_topic');
      }
      let needed = standing.neededOffset;
      if (needed > cursor.nextOffset) {
        log.warn(
          { metric: name, store: needed, pipeline: cursor.nextOffset },
          'the store is ahead of the pipeline, whose state is older; resending the open windows',
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
          'the store lacks points that the pipeline no longer has; keeping closed windows as stored, resending the open ones',
        );
        await this.writer.skipTo(name, id, from);
        needed = from;
        reopen.push(output);
      }
      await this.writer.send(lacking);
    }
    if (reopen.length > 0) await this.resendOpenWindows(reopen);
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

  private async resendOpenWindows(outputs: readonly BoundOutput[]): Promise<void> {
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

/** For a disk that fails during a commit: the outcome is unknown. */
function undecided(cause: UnavailableError): UnavailableError {
  return new UnavailableError(
    cause.hop,
    `${cause.message}; either all of these events are counted or none; check before sending them again`,
    { cause },
  );
}
