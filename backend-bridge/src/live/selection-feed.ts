import type { LiveEngine } from './live-engine';
import type { Floor, LiveBatch, Moment } from './live-batch';
import type { LiveSink } from './live-sink';
import { Pace, type FlushLoad, type PaceOptions } from './pace';
import { Subscription, type SubscribedFeed } from './subscription';
import { RequestError } from '../domain/errors';
import type { Progress } from '../domain/progress';
import type { Plan } from '../domain/query-answer';
import type { PointChange, SeriesStore } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';

/** What all feeds of a hub share. */
export interface FeedContext {
  readonly engine: LiveEngine;
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly load: FlushLoad;
  readonly pace: PaceOptions;
  /** Runs at most a few snapshots at a time. */
  readonly gate: <T>(work: () => Promise<T>) => Promise<T>;
  /** Progress of a metric as last told by the store. */
  readonly progressOf: (metric: string) => Progress;
}

/** One snapshot, ready to be told from any time on. */
export interface Snapshot<B> {
  /** The parts of the message before and behind the id. */
  text(fromMs: number): { before: string; behind: string };
  readonly floor: Floor<B>;
}

const RETRY_MS = 1_000;

/** One distinct selection with its subscribers: gathers what changed, tells all of them in one flush. */
export abstract class SelectionFeed<B extends LiveBatch<B>> implements SubscribedFeed<B> {
  private readonly subscriptions = new Set<Subscription<B>>();
  private readonly asking = new Set<Subscription<B>>();
  private syncing = false;
  private timers = new Set<NodeJS.Timeout>();
  protected readonly pace: Pace;
  protected closed = false;

  constructor(
    readonly plan: Plan,
    protected readonly context: FeedContext,
    private readonly onEmpty: () => void,
  ) {
    this.pace = new Pace(() => this.flush(), context.load, context.pace);
  }

  get subscribers(): number {
    return this.subscriptions.size;
  }

  /** Points of this plan's metric changed, or its progress moved. */
  abstract changed(changes: readonly PointChange[], nowMs: number): void;
  protected abstract flush(): undefined | Promise<void>;
  /** Reads everything from fromMs on. */
  protected abstract readSnapshot(fromMs: number): Promise<Snapshot<B>>;
  /** Forgets what was known of points, as the store may have lost them. */
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
   * What closes at or before this is open no more: it is final, or it has expired before anything could close it
   * (a partition that nobody reads holds the watermark back for ever).
   */
  protected closedBefore(): number {
    const { metric } = this.plan;
    const { finalBeforeMs } = this.context.progressOf(metric.name);
    const expired = this.context.clock() - metric.retentionMs + metric.window.graceMs;
    return Math.max(finalBeforeMs ?? Number.NEGATIVE_INFINITY, expired);
  }

  moment(): Moment {
    return {
      watermarkMs: this.context.progressOf(this.plan.metric.name).watermarkMs,
      serverTimeMs: this.context.clock(),
    };
  }

  conflated(points: number): void {
    if (points > 0) this.context.telemetry.pointsConflated(points);
  }

  resynced(reason: string): void {
    this.context.telemetry.resyncs(reason);
  }

  close(): void {
    this.closed = true;
    this.pace.stop();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  protected deliver(batch: B): void {
    const moment = this.moment();
    const now = performance.now();
    for (const subscription of this.subscriptions) subscription.take(batch, moment, now);
  }

  /** One reading serves all who wait when it begins, each from its own time on. */
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

  private async answer(waiting: readonly Subscription<B>[]): Promise<void> {
    let from = Number.POSITIVE_INFINITY;
    for (const subscription of waiting) from = Math.min(from, subscription.fromMs);
    try {
      const snapshot = await this.context.gate(() => {
        for (const subscription of waiting) subscription.snapshotBegins();
        return this.readSnapshot(from);
      });
      const texts = new Map<number, { before: string; behind: string }>();
      for (const subscription of waiting) {
        let text = texts.get(subscription.fromMs);
        if (text === undefined) {
          text = snapshot.text(subscription.fromMs);
          texts.set(subscription.fromMs, text);
        }
        subscription.offer(text.before, text.behind, snapshot.floor);
      }
    } catch (error) {
      if (error instanceof RequestError && waiting.length > 1) {
        // The widest range may be too much where the others' are not.
        for (const subscription of waiting) await this.answer([subscription]);
        return;
      }
      for (const subscription of waiting) {
        if (subscription.fail(error)) continue;
        this.context.log.warn(
          { metric: this.plan.metric.name, err: error },
          'a resync waits for the store, it is tried again',
        );
        this.sync(subscription, RETRY_MS * (0.5 + Math.random()));
      }
    }
  }

  private later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, delayMs);
    timer.unref();
    this.timers.add(timer);
  }
}
