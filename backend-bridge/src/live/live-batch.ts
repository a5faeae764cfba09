import { textFrame } from './frame';

/** What a snapshot already told a subscriber: changes up to it are not told again. */
export interface SnapshotRevisions<TBatch> {
  /** The part of the batch that is newer than the snapshot; the batch itself when all of it is. */
  newerThan(batch: TBatch): TBatch;
}

/** How far a metric was, as told with an update. */
export interface Moment {
  readonly watermarkMs: number | null;
  readonly serverTimeMs: number;
}

/**
 * What one flush has to tell. Its body is serialised once for all subscribers; only id and seq differ,
 * and subscribers where both are the same share even the frame.
 */
export abstract class LiveBatch<Self> {
  private bodyBytes: Buffer | null = null;
  private lastId = '';
  private lastSeq = 0;
  private lastFrame: Buffer | null = null;
  private frames: Map<string, Buffer> | null = null;

  protected abstract readonly type: 'series_update' | 'events_update' | 'forecast_update';
  /** Number of points (or events) to send; an entry without any counts as one. */
  abstract readonly size: number;
  /** The message from the comma behind `seq` on. */
  protected abstract encodeBody(moment: Moment): string;
  /** An empty batch of the same kind, to collect what a slow client misses. */
  abstract empty(): Self;
  /** Takes over what is newer; returns by how many points this batch grew. */
  abstract merge(other: Self): number;
  /** The part from a time on; the batch itself when nothing is before it. The same object for the same part. */
  abstract from(fromMs: number): Self;

  /** @param idText the subscription's id as JSON */
  frame(idText: string, seq: number, moment: Moment): Buffer {
    if (seq === this.lastSeq && idText === this.lastId) return this.lastFrame!;
    const key = `${seq} ${idText}`;
    this.frames ??= new Map();
    let frame = this.frames.get(key);
    if (frame === undefined) {
      this.bodyBytes ??= Buffer.from(this.encodeBody(moment));
      frame = textFrame(`{"type":"${this.type}","id":${idText},"seq":${seq}`, this.bodyBytes);
      this.frames.set(key, frame);
    }
    this.lastSeq = seq;
    this.lastId = idText;
    this.lastFrame = frame;
    return frame;
  }
}
