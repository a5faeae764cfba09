import { EventsBatch, EventsSnapshotRevisions } from './events-batch';
import { SelectionFeed, type Snapshot } from './selection-feed';
import { closesMs, isOpen } from './openness';
import { eventsSnapshotPieces } from './snapshot-text';
import { RequestError } from '../domain/errors';
import type { EventEntry } from '../domain/query-answer';
import type { RequestScope } from '../domain/request-scope';
import { MAX_TIME_MS } from '../domain/ladder';
import { seriesKey, type Labels } from '../domain/series';
import type { PointChange } from '../domain/store';

const STARTS_A_FLUSH = 120;
const MAX_DIRTY = 5_000;
const MAX_RETRY_MS = 5_000;
/** Most events in a snapshot, the newest ones; the limit of /events/query. */
const MAX_EVENTS = 10_000;

interface OpenEvent {
  readonly startMs: number;
  readonly seriesKey: string;
  readonly closesMs: number;
}

/** Events of one selection. Events that changed or were resolved by time are re-read and sent. */
export class EventsFeed extends SelectionFeed<EventsBatch> {
  private batch = new EventsBatch();
  /** Series (by labels) to re-read, by window start. */
  private readonly dirty = new Map<number, Set<string>>();
  private readonly open = new Map<string, OpenEvent>();
  private firstCloseMs = Number.POSITIVE_INFINITY;
  /** Windows per flush; halved when a read would be too large. */
  private startsAFlush = STARTS_A_FLUSH;
  private failures = 0;

  changed(changes: readonly PointChange[], nowMs: number): void {
    const { metric } = this.plan;
    for (const change of changes) {
      if (change.endMs + metric.retentionMs <= nowMs || !this.plan.selects(change.values)) continue;
      this.mark(change.startMs, seriesKey(change.values));
    }
    if (this.dirty.size > 0 || this.closedBefore() >= this.firstCloseMs) this.pace.touch();
  }

  protected forget(): void {
    this.batch = new EventsBatch();
    this.dirty.clear();
    this.open.clear();
    this.firstCloseMs = Number.POSITIVE_INFINITY;
  }

  protected async readSnapshot(fromMs: number, scope: RequestScope): Promise<Snapshot<EventsBatch>> {
    const { metric, filters } = this.plan;
    const query = { metric: metric.name, fromMs, toMs: MAX_TIME_MS, filters, limit: MAX_EVENTS };
    const answer = await this.dependencies.engine.events(query, [], scope);
    for (const entry of answer.events) this.note(entry);
    return {
      pieces: (idText, from, partText) => eventsSnapshotPieces(answer, idText, from, partText),
      snapshotRevisions: new EventsSnapshotRevisions(answer),
    };
  }

  protected flush(): undefined | Promise<void> {
    this.markClosed();
    return this.dirty.size === 0 ? undefined : this.reread();
  }

  private async reread(): Promise<void> {
    if (this.dirty.size > MAX_DIRTY) {
      this.resyncAll('behind', 0);
      return;
    }
    const starts = [...this.dirty.keys()].sort((a, b) => a - b).slice(-this.startsAFlush);
    const taken = new Map(starts.map((start) => [start, this.dirty.get(start) ?? new Set<string>()]));
    for (const start of starts) this.dirty.delete(start);
    try {
      const entries = await this.readUpdate((scope) =>
        this.dependencies.engine.eventsAt(this.plan, taken, scope),
      );
      if (this.closed) return;
      for (const entry of entries) {
        this.note(entry);
        this.batch.put(entry);
      }
      this.failures = 0;
    } catch (error) {
      if (this.closed) return;
      if (error instanceof RequestError && !error.retryable && starts.length === 1) {
        // This is the smallest read; retrying cannot succeed.
        this.failAll(error);
        return;
      }
      for (const [start, keys] of taken) for (const key of keys) this.mark(start, key);
      if (error instanceof RequestError && !error.retryable) {
        this.startsAFlush = Math.ceil(starts.length / 2);
        this.pace.touch();
        return;
      }
      this.failures += 1;
      this.dependencies.log.warn(
        { metric: this.plan.metric.name, err: error },
        'events update delayed: the store is unavailable',
      );
      this.pace.postpone(Math.min(MAX_RETRY_MS, 100 * 2 ** this.failures));
    }
    if (this.batch.size > 0) {
      const batch = this.batch;
      this.batch = new EventsBatch();
      this.deliver(batch);
    }
    if (this.dirty.size > 0) this.pace.touch();
  }

  /** Marks events as resolved whose window has become final. */
  private markClosed(): void {
    const closed = this.closedBefore();
    if (closed < this.firstCloseMs) return;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, event] of this.open) {
      if (isOpen(event.closesMs, closed)) {
        next = Math.min(next, event.closesMs);
      } else {
        this.open.delete(id);
        this.mark(event.startMs, event.seriesKey);
      }
    }
    this.firstCloseMs = next;
  }

  private note(entry: EventEntry): void {
    if (entry.state === 'resolved') {
      this.open.delete(entry.id);
      return;
    }
    const closes = closesMs(this.plan, entry.timeMs, entry.endMs);
    this.open.set(entry.id, {
      startMs: entry.timeMs,
      seriesKey: this.keyOf(entry.labels),
      closesMs: closes,
    });
    this.firstCloseMs = Math.min(this.firstCloseMs, closes);
  }

  private mark(startMs: number, key: string): void {
    const keys = this.dirty.get(startMs);
    if (keys === undefined) this.dirty.set(startMs, new Set([key]));
    else keys.add(key);
  }

  private keyOf(labels: Labels): string {
    return seriesKey(this.plan.metric.dimensions.map((dimension) => labels[dimension.name] ?? ''));
  }
}
