import { setImmediate } from 'node:timers/promises';
import type { LiveEngine } from './live-engine';
import type { SnapshotRevisions, LiveBatch, Moment } from './live-batch';
import type { LiveSink } from './live-sink';
import { Pace, type FlushLoad, type PaceOptions } from './pace';
import { madeEachTime, madeOnce, type PartText } from './snapshot-text';
import { SNAPSHOT_REVISIONS_MS, Subscription, type SubscribedFeed } from './subscription';
import { RequestError } from '../domain/errors';
import type { FairGate } from '../domain/fair-gate';
import { POINT_BYTES, type MemoryBudget, type MemoryHold } from '../domain/memory-budget';
import type { Progress } from '../domain/progress';
import type { Plan } from '../domain/query-answer';
import { UNBOUNDED, type RequestScope } from '../domain/request-scope';
import type { PointChange, SeriesStore } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';

/** Dependencies that all feeds of a hub share. */
export interface FeedDependencies {
  readonly engine: LiveEngine;
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly load: FlushLoad;
  readonly pace: PaceOptions;
  readonly budgets: LiveBudgets;
  /** Most points in one read of the store. */
  readonly maxScanPoints: number;
  /** Progress of a metric as last reported by the store. */
  readonly progressOf: (metric: string) => Progress;
}

/** Limits shared by snapshots and HTTP queries. */
export interface LiveBudgets {
  /** Concurrent snapshot reads. */
  readonly snapshots: FairGate;
  /** Reads of what has changed, one a selection. */
  readonly updates: FairGate;
  /** Portions of long reads. */
  readonly turns: FairGate;
  /** Memory of snapshots until all clients have received them. */
  readonly memory: MemoryBudget;
  /** Answers kept to find out what a later one changes, for as long as they have subscribers. */
  readonly kept: MemoryBudget;
}

/** A snapshot that can be sent from any time on. */
export interface Snapshot<B> {
  /** The message in chunks; `idText` is the subscription's id as JSON. */
  pieces(idText: string, fromMs: number, partText: PartText): Iterator<string>;
  readonly snapshotRevisions: SnapshotRevisions<B>;
}

/** A snapshot read in progress, with the subscriptions waiting for it. */
interface Reading<B extends LiveBatch<B>> {
  readonly waiting: ReadonlySet<Subscription<B>>;
  readonly cancel: AbortController;
}

const RETRY_MS = 1_000;
/** Time spent offering snapshots before yielding to other work. */
const TURN_MS = 8;

/** One distinct selection with its subscribers: collects changes and sends them to all in one flush. */
export abstract class SelectionFeed<B extends LiveBatch<B>> implements SubscribedFeed<B> {
  private readonly subscriptions = new Set<Subscription<B>>();
  private readonly asking = new Set<Subscription<B>>();
  private syncing = false;
  private reading: Reading<B> | null = null;
  /** Pending timers, each with a callback for when the feed closes first. */
  private readonly timers = new Map<NodeJS.Timeout, () => void>();
  protected readonly pace: Pace;
  protected closed = false;
  /** Aborts when the feed closes. */
  protected readonly over = new AbortController();

  constructor(
    readonly plan: Plan,
    protected readonly dependencies: FeedDependencies,
    private readonly onEmpty: () => void,
  ) {
    this.pace = new Pace(() => this.flush(), dependencies.load, dependencies.pace);
  }

  get subscribers(): number {
    return this.subscriptions.size;
  }

  /** Budget key of one of the subscribers, for what is read for all of them. */
  protected get holder(): string {
    for (const { holder } of this.subscriptions) return holder;
    return '';
  }

  /** Called when points of this plan's metric changed or its progress moved. */
  abstract changed(changes: readonly PointChange[], nowMs: number): void;
  protected abstract flush(): undefined | Promise<void>;
  /** Reads a snapshot from fromMs on. */
  protected abstract readSnapshot(fromMs: number, scope: RequestScope): Promise<Snapshot<B>>;
  /** Clears cached point state, as the store may have lost points. */
  protected abstract forget(): void;

  subscribe(id: string, fromMs: number, sink: LiveSink): Subscription<B> {
    const subscription = new Subscription<B>(id, fromMs, sink, this);
    this.subscriptions.add(subscription);
    this.sync(subscription, 0);
    return subscription;
  }

  sync(subscription: Subscription<B>, delayMs: number): void {
    if (delayMs > 0) {
      this.later(delayMs, () => this.sync(subscription, 0));
      return;
    }
    if (this.closed || !this.subscriptions.has(subscription)) return;
    this.asking.add(subscription);
    if (!this.syncing) void this.answerAll();
  }

  remove(subscription: Subscription<B>): void {
    this.subscriptions.delete(subscription);
    this.asking.delete(subscription);
    const { reading } = this;
    if (reading !== null && ![...reading.waiting].some((one) => this.subscriptions.has(one))) {
      reading.cancel.abort();
    }
    if (this.subscriptions.size === 0 && !this.closed) {
      this.close();
      this.onEmpty();
    }
  }

  resyncAll(reason: string, jitterMs: number): void {
    this.forget();
    for (const subscription of [...this.subscriptions]) {
      subscription.resync(reason, 1 + Math.random() * jitterMs);
    }
  }

  /**
   * Points that close at or before this are no longer open: they are final, or expired while the watermark was stuck,
   * e.g. on a partition that is not read.
   */
  protected closedBefore(): number {
    const { metric } = this.plan;
    const { finalBeforeMs } = this.dependencies.progressOf(metric.name);
    const expired = this.dependencies.clock() - metric.retentionMs + metric.window.graceMs;
    return Math.max(finalBeforeMs ?? Number.NEGATIVE_INFINITY, expired);
  }

  moment(): Moment {
    return {
      watermarkMs: this.dependencies.progressOf(this.plan.metric.name).watermarkMs,
      serverTimeMs: this.dependencies.clock(),
    };
  }

  conflated(points: number): void {
    if (points > 0) this.dependencies.telemetry.pointsConflated(points);
  }

  dropped(messages: number): void {
    this.dependencies.telemetry.messagesDropped(messages);
  }

  resynced(reason: string): void {
    this.dependencies.telemetry.resyncs(reason);
  }

  close(): void {
    this.closed = true;
    this.over.abort();
    this.pace.stop();
    for (const [timer, onClose] of this.timers) {
      clearTimeout(timer);
      onClose();
    }
    this.timers.clear();
  }

  /** The definition of the metric has changed: another feed serves the subscribers. */
  metricChanged(): void {
    for (const subscription of [...this.subscriptions]) subscription.metricChanged();
  }

  /** Ends every subscription with an error that a retry cannot fix. */
  failAll(error: RequestError): void {
    this.dependencies.log.warn({ metric: this.plan.metric.name, err: error }, 'subscriptions ended');
    for (const subscription of [...this.subscriptions]) subscription.fail(error);
  }

  /** Reads what has changed in one of the holder's places; the read ends with the feed. */
  protected readUpdate<T>(read: (scope: RequestScope) => Promise<T>): Promise<T> {
    const { holder } = this;
    const { signal } = this.over;
    return this.dependencies.budgets.updates.run(holder, signal, () =>
      read({ ...UNBOUNDED, holder, signal }),
    );
  }

  protected deliver(batch: B): void {
    const moment = this.moment();
    for (const subscription of this.subscriptions) subscription.take(batch, moment);
  }

  /** Answers all waiting subscriptions with one read, each from its own start time on. */
  private async answerAll(): Promise<void> {
    this.syncing = true;
    try {
      while (this.asking.size > 0) {
        const waiting = [...this.asking];
        this.asking.clear();
        await this.answer(waiting);
      }
    } finally {
      this.syncing = false;
    }
  }

  private async answer(asking: readonly Subscription<B>[]): Promise<void> {
    const waiting = asking.filter((subscription) => this.subscriptions.has(subscription));
    if (waiting.length === 0) return;
    const memory = this.dependencies.budgets.memory.open(waiting.map(({ holder }) => holder));
    const cancel = new AbortController();
    this.reading = { waiting: new Set(waiting), cancel };
    try {
      const snapshot = await this.read(waiting, memory, cancel.signal);
      await this.offerAll(waiting, snapshot, memory);
    } catch (error) {
      memory.free();
      if (cancel.signal.aborted) return;
      if (error instanceof RequestError && waiting.length > 1) {
        // The widest range may be too large while the others are not, or one client's memory may be exhausted.
        for (const subscription of waiting) await this.answer([subscription]);
        return;
      }
      for (const subscription of waiting) {
        if (subscription.fail(error)) continue;
        this.dependencies.log.warn(
          { metric: this.plan.metric.name, err: error },
          'snapshot delayed: waiting for the store or for memory; retrying',
        );
        this.sync(subscription, RETRY_MS * (0.5 + Math.random()));
      }
    } finally {
      this.reading = null;
    }
  }

  private async read(
    waiting: readonly Subscription<B>[],
    memory: MemoryHold,
    signal: AbortSignal,
  ): Promise<Snapshot<B>> {
    const { snapshots, turns } = this.dependencies.budgets;
    const { holder } = waiting[0]!;
    const scope: RequestScope = {
      holder,
      signal,
      reserve: (points) => memory.reserve(points * POINT_BYTES),
      inTurn: (portion) => turns.run(holder, signal, portion),
    };
    return snapshots.run(holder, signal, () => {
      let from = Number.POSITIVE_INFINITY;
      for (const subscription of waiting) {
        from = Math.min(from, subscription.fromMs);
        subscription.snapshotBegins();
      }
      return this.readSnapshot(from, scope);
    });
  }

  /** Keeps the snapshot until all clients have received it, and while changes it contains may still arrive. */
  private async offerAll(
    waiting: readonly Subscription<B>[],
    snapshot: Snapshot<B>,
    memory: MemoryHold,
  ): Promise<void> {
    let users = waiting.length + 1;
    const over = (): void => {
      users -= 1;
      if (users === 0) memory.free();
    };
    // Text takes about as much memory as its points.
    const partText = waiting.length > 1 && memory.tryDouble() ? madeOnce() : madeEachTime;
    let turnEnds = performance.now() + TURN_MS;
    for (const subscription of waiting) {
      const { idText, fromMs } = subscription;
      subscription.offer(snapshot.pieces(idText, fromMs, partText), snapshot.snapshotRevisions, over);
      if (performance.now() < turnEnds) continue;
      await setImmediate();
      turnEnds = performance.now() + TURN_MS;
    }
    this.later(
      SNAPSHOT_REVISIONS_MS,
      () => {
        for (const subscription of waiting) subscription.dropSnapshotRevisions(snapshot.snapshotRevisions);
        over();
      },
      over,
    );
  }

  /** Runs `run` after a delay, or `onClose` when the feed is closed first. */
  private later(delayMs: number, run: () => void, onClose: () => void = () => undefined): void {
    if (this.closed) {
      onClose();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, delayMs);
    timer.unref();
    this.timers.set(timer, onClose);
  }
}
