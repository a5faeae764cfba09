import type { Floor, LiveBatch, Moment } from './live-batch';
import type { Drains, LiveSink } from './live-sink';

/** For so long after a snapshot a change that it already holds may still arrive by the store's channel. */
const FLOOR_MS = 2_000;
const AGAIN_MS = 100;

/** The selection as a subscription sees it. */
export interface SubscribedFeed<B extends LiveBatch<B>> {
  /** Asks for a snapshot; the feed answers with offer() or fail(). */
  sync(subscription: Subscription<B>, delayMs: number): void;
  remove(subscription: Subscription<B>): void;
  moment(): Moment;
  conflated(points: number): void;
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
  private floor: Floor<B> | null = null;
  private floorUntilMs = 0;
  private missed = false;
  private lostReason = 'slow_client';
  readonly idText: string;
  readonly ready: Promise<void>;
  private settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;

  constructor(
    id: string,
    readonly fromMs: number,
    private readonly sink: LiveSink,
    private readonly feed: SubscribedFeed<B>,
  ) {
    this.idText = JSON.stringify(id);
    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  /** Takes what one flush of the selection has to tell. */
  take(batch: B, moment: Moment, nowMs: number): void {
    if (this.state === 'lost' || this.state === 'ended') return;
    let part = batch.from(this.fromMs);
    if (part.size === 0) return;
    if (this.state === 'waiting' || this.pending !== null || !this.sink.clear) {
      this.keep(part);
      return;
    }
    if (this.floor !== null) {
      part = this.aboveFloor(part, nowMs);
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
    const part = this.floor === null ? this.pending : this.aboveFloor(this.pending, performance.now());
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
   * A snapshot is there, its message in two parts, before and behind the id. Where changes were missed while it
   * was read, another one is asked for.
   */
  offer(before: string, behind: string, floor: Floor<B>): void {
    if (this.state !== 'waiting') return;
    if (this.missed) {
      this.feed.sync(this, AGAIN_MS);
      return;
    }
    if (!this.sink.clear && this.settle === null) {
      this.lose('slow_client');
      return;
    }
    this.seq = 0;
    this.state = 'live';
    this.floor = floor;
    this.floorUntilMs = performance.now() + FLOOR_MS;
    this.sink.sendText(before + this.idText + behind);
    this.settle?.resolve();
    this.settle = null;
    if (this.pending === null) return;
    if (this.sink.clear) this.drain();
    else this.sink.waitFor(this);
  }

  /** No snapshot could be had. True: the subscription has ended and its owner knows why. */
  fail(error: unknown): boolean {
    if (this.settle === null) return false;
    this.settle.reject(error);
    this.settle = null;
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
    if (!this.sink.clear) {
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
    this.floor = null;
    this.feed.remove(this);
    this.settle?.resolve();
    this.settle = null;
  }

  private announceResync(reason: string): void {
    this.state = 'waiting';
    this.missed = false;
    this.floor = null;
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
      if (this.state === 'waiting') this.missed = true;
      else this.lose('slow_client');
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

  private aboveFloor(part: B, nowMs: number): B {
    if (this.floor === null) return part;
    if (nowMs >= this.floorUntilMs) {
      this.floor = null;
      return part;
    }
    return this.floor.newerThan(part);
  }
}
