import { textFrame } from './frame';

/** The revisions that a snapshot sent to a subscriber; changes up to them are not sent again. */
export interface SnapshotRevisions<TBatch> {
  /** The part of the batch that is newer than the snapshot; the batch itself when all of it is. */
  newerThan(batch: TBatch): TBatch;
}

/** Progress of a metric at the time of an update. */
export interface Moment {
  readonly watermarkMs: number | null;
  readonly serverTimeMs: number;
}

/**
 * The changes of one flush. The body is serialised once for all subscribers; only id and seq differ, and subscribers
 * with equal id and seq share the frame.
 */
export abstract class LiveBatch<Self> {
  private bodyBytes: Buffer | null = null;
  private lastId = '';
  private lastSeq = 0;
  private lastFrame: Buffer | null = null;
  private frames: Map<string, Buffer> | null = null;

  protected abstract readonly type: 'series_update' | 'events_update' | 'forecast_update';
  /** Number of points or events to send; an entry without any counts as one. */
  abstract readonly size: number;
  /** The rest of the message, starting with the comma after `seq`. */
  protected abstract encodeBody(moment: Moment): string;
  /** An empty batch of the same kind, to collect changes for a slow client. */
  abstract empty(): Self;
  /** Merges newer points; returns by how many points this batch grew. */
  abstract merge(other: Self): number;
  /** The part from a time on, or the batch itself when nothing is earlier. Equal parts are the same object. */
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
