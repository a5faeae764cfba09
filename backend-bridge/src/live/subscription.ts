import type { SnapshotRevisions, LiveBatch, Moment } from './live-batch';
import type { Drains, LiveSink } from './live-sink';
import { RequestError } from '../domain/errors';

/** For so long after a snapshot a change that it already holds may still arrive by the store's channel. */
export const SNAPSHOT_REVISIONS_MS = 2_000;
const AGAIN_MS = 100;
/** A first snapshot waits so long for memory before its client is refused. */
const PATIENCE_MS = 10_000;

/** The selection as a subscription sees it. */
export interface SubscribedFeed<B extends LiveBatch<B>> {
  /** Asks for a snapshot; the feed answers with offer() or fail(). */
  sync(subscription: Subscription<B>, delayMs: number): void;
  remove(subscription: Subscription<B>): void;
  moment(): Moment;
  conflated(points: number): void;
  /** Messages that a slow client does not get. */
  dropped(messages: number): void;
  resynced(reason: string): void;
}

/**
 * One client's subscription. `waiting`: for a snapshot, changes are kept. `live`: changes go out, or are kept
 * while the client lags. `lost`: too many were kept; told `resync` when the client reads on.
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

  /** Messages that wait for the client to be clear. */
  get unsent(): number {
    return this.pending === null ? 0 : 1;
  }

  /** Takes what one flush of the selection has to tell. */
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

  /** The feed begins to read a snapshot: everything that is kept from now on may be newer than it. */
  snapshotBegins(): void {
    this.missed = false;
  }

  /**
   * A snapshot is there, its message in pieces. Where changes were missed while it was read, another one is asked for.
   * `over` is called once the pieces are not needed any more.
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

  /** Changes that the snapshot holds cannot arrive any more. */
  dropSnapshotRevisions(snapshotRevisions: SnapshotRevisions<B>): void {
    if (this.snapshotRevisions === snapshotRevisions) this.snapshotRevisions = null;
  }

  /**
   * No snapshot, or no further points could be had. True: the subscription has ended and its owner knows why. False:
   * it is worth another try.
   */
  fail(error: unknown): boolean {
    const refused = error instanceof RequestError;
    if (this.settle !== null) {
      // Memory becomes free as others take what was read for them; a store that is away is the client's to know.
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

  /** Changes may have been missed: what follows begins with a fresh snapshot. */
  resync(reason: string, delayMs: number): void {
    if (this.state === 'waiting') {
      // What was kept may be of a store that was lost, with revisions that the new one never reaches.
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
