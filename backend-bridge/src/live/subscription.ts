import type { SnapshotRevisions, LiveBatch, Moment } from './live-batch';
import type { Drains, LiveSink } from './live-sink';
import { RequestError } from '../domain/errors';

/** How long after a snapshot a change that it contains may still arrive by the store's channel. */
export const SNAPSHOT_REVISIONS_MS = 2_000;
const AGAIN_MS = 100;
/** How long a first snapshot may wait for memory before its client gets the error. */
const PATIENCE_MS = 10_000;

/** The feed as a subscription sees it. */
export interface SubscribedFeed<B extends LiveBatch<B>> {
  /** Requests a snapshot; the feed answers with offer() or fail(). */
  sync(subscription: Subscription<B>, delayMs: number): void;
  remove(subscription: Subscription<B>): void;
  moment(): Moment;
  conflated(points: number): void;
  /** Counts messages that a slow client does not get. */
  dropped(messages: number): void;
  resynced(reason: string): void;
}

/**
 * One client's subscription. `waiting`: for a snapshot, changes are kept. `live`: changes are sent, or kept while the
 * client lags. `lost`: too many were kept; `resync` is sent when the client is writable.
 */
export class Subscription<B extends LiveBatch<B>> implements Drains {
  private state: 'waiting' | 'live' | 'lost' | 'ended' = 'waiting';
  private seq = 0;
  private pending: B | null = null;
  private reserved = 0;
  private snapshotRevisions: SnapshotRevisions<B> | null = null;
  private missed = false;
  private lostReason = 'slow_client';
  readonly idText: string;
  readonly ready: Promise<void>;
  private readonly since = performance.now();
  private settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;

  constructor(
    readonly id: string,
    readonly fromMs: number,
    private readonly sink: LiveSink,
    private readonly feed: SubscribedFeed<B>,
  ) {
    this.idText = JSON.stringify(id);
    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  get holder(): string {
    return this.sink.holder;
  }

  /** Messages waiting until the client is writable. */
  get unsent(): number {
    return this.pending === null ? 0 : 1;
  }

  /** Sends or keeps the changes of one flush. */
  take(batch: B, moment: Moment): void {
    if (this.state === 'ended') return;
    let part = batch.from(this.fromMs);
    if (part.size === 0) return;
    if (this.state === 'lost') {
      this.feed.dropped(1);
      return;
    }
    if (this.state === 'waiting' || this.pending !== null || !this.sink.writable) {
      this.keep(part);
      return;
    }
    if (this.snapshotRevisions !== null) {
      part = this.snapshotRevisions.newerThan(part);
      if (part.size === 0) return;
    }
    this.seq += 1;
    this.sink.send(part.frame(this.idText, this.seq, moment));
  }

  drain(): void {
    if (this.state === 'lost') {
      this.announceResync(this.lostReason);
      this.feed.sync(this, 0);
      return;
    }
    if (this.state !== 'live' || this.pending === null) return;
    const part =
      this.snapshotRevisions === null ? this.pending : this.snapshotRevisions.newerThan(this.pending);
    this.releasePending();
    if (part.size === 0) return;
    this.seq += 1;
    this.sink.send(part.frame(this.idText, this.seq, this.feed.moment()));
  }

  /** Called when the feed starts reading a snapshot; changes kept from now on may be newer than it. */
  snapshotBegins(): void {
    this.missed = false;
  }

  /**
   * Takes a snapshot, its message in chunks. Requests another one when changes were missed during the read. `over` is
   * called when the chunks are no longer needed.
   */
  offer(pieces: Iterator<string>, snapshotRevisions: SnapshotRevisions<B>, over: () => void): void {
    if (this.state !== 'waiting' || this.missed || (!this.sink.writable && this.settle === null)) {
      over();
      if (this.state !== 'waiting') return;
      if (this.missed) this.feed.sync(this, AGAIN_MS);
      else this.lose('slow_client');
      return;
    }
    this.seq = 0;
    this.state = 'live';
    this.snapshotRevisions = snapshotRevisions;
    this.sink.sendPieces(pieces, over);
    this.settle?.resolve();
    this.settle = null;
    if (this.pending === null) return;
    if (this.sink.writable) this.drain();
    else this.sink.waitFor(this);
  }

  /** Called when changes that the snapshot contains can no longer arrive. */
  dropSnapshotRevisions(snapshotRevisions: SnapshotRevisions<B>): void {
    if (this.snapshotRevisions === snapshotRevisions) this.snapshotRevisions = null;
  }

  /**
   * Handles a failed read. True when the subscription has ended and its owner was notified, false when the read should
   * be retried.
   */
  fail(error: unknown): boolean {
    const refused = error instanceof RequestError;
    if (this.settle !== null) {
      // Memory is released as other clients read their snapshots; an unavailable store is reported at once.
      if (refused && error.retryable && performance.now() - this.since < PATIENCE_MS) return false;
      this.settle.reject(error);
      this.settle = null;
      this.end();
      return true;
    }
    if (!refused || error.retryable) return false;
    if (this.state !== 'ended') this.sink.subscriptionFailed(this.id, error);
    this.end();
    return true;
  }

  /** Handles possibly missed changes: sends `resync` and a fresh snapshot. */
  resync(reason: string, delayMs: number): void {
    if (this.state === 'waiting') {
      // Kept changes may be of a lost store, with revisions that the new one never reaches.
      this.releasePending();
      this.missed = true;
      return;
    }
    if (this.state !== 'live') return;
    this.releasePending();
    if (!this.sink.writable) {
      this.lose(reason);
      return;
    }
    this.announceResync(reason);
    this.feed.sync(this, delayMs);
  }

  /** Another definition of the metric holds: the sink subscribes again. */
  metricChanged(): void {
    if (this.state === 'ended') return;
    this.end();
    this.feed.resynced('metric_changed');
    this.sink.metricChanged(this.id);
  }

  end(): void {
    if (this.state === 'ended') return;
    this.releasePending();
    this.state = 'ended';
    this.snapshotRevisions = null;
    this.feed.remove(this);
    this.settle?.resolve();
    this.settle = null;
  }

  private announceResync(reason: string): void {
    this.state = 'waiting';
    this.missed = false;
    this.snapshotRevisions = null;
    this.feed.resynced(reason);
    this.sink.sendText(`{"type":"resync","id":${this.idText},"reason":${JSON.stringify(reason)}}`);
  }

  private keep(part: B): void {
    this.pending ??= part.empty();
    const grown = this.pending.merge(part);
    this.feed.conflated(part.size - grown);
    this.reserved += grown;
    if (!this.sink.reserve(grown)) {
      this.releasePending();
      if (this.state === 'waiting') {
        this.missed = true;
      } else {
        this.feed.dropped(1);
        this.lose('slow_client');
      }
    } else if (this.state === 'live') {
      this.sink.waitFor(this);
    }
  }

  private lose(reason: string): void {
    this.state = 'lost';
    this.lostReason = reason;
    this.releasePending();
    this.sink.waitFor(this);
  }

  private releasePending(): void {
    this.pending = null;
    if (this.reserved > 0) this.sink.reserve(-this.reserved);
    this.reserved = 0;
  }
}
