import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { FRAGMENT_BYTES, fragments, textFrame } from '../live/frame';
import type { Drains, LiveSink } from '../live/live-sink';

/** What one pending point of a slow client is counted as: its key, value, revision and place in two maps. */
const PENDING_POINT_BYTES = 128;

export interface OutboxLimits {
  /** Unsent bytes, pending points included, that one client may have. */
  readonly bufferBytes: number;
}

/**
 * Writes to one client. Frames go to the socket itself, since they are built once for many clients; ws only
 * adds its control frames, each in one piece. A quarter of the buffer unsent: the client lags, and what is
 * new waits as pending points, for which there is the rest.
 */
export class Outbox implements LiveSink {
  private waiting: Set<Drains> | null = null;
  private texts: Buffer[] | null = null;
  private streaming: Generator<Buffer> | null = null;
  /** Of the text that is going out fragment by fragment; it is held whole until the last one. */
  private streamingBytes = 0;
  private pendingPoints = 0;
  private drainAsked = false;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly limits: OutboxLimits,
    private readonly onClear: () => void,
  ) {
    socket.on('drain', this.onDrain);
  }

  get clear(): boolean {
    return this.streaming === null && this.socket.writableLength < this.limits.bufferBytes / 4;
  }

  /** Bytes not taken by the client yet, pending points as estimated. */
  get queuedBytes(): number {
    const texts = this.texts?.reduce((sum, text) => sum + text.length, 0) ?? 0;
    return (
      this.socket.writableLength + texts + this.streamingBytes + this.pendingPoints * PENDING_POINT_BYTES
    );
  }

  send(frames: Buffer): void {
    if (this.ws.readyState === this.ws.OPEN) this.socket.write(frames);
  }

  sendText(text: string): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    if (this.streaming === null && text.length < FRAGMENT_BYTES / 4) {
      this.socket.write(textFrame(text));
      return;
    }
    this.texts ??= [];
    this.texts.push(Buffer.from(text));
    this.stream();
  }

  waitFor(part: Drains): void {
    this.waiting ??= new Set();
    this.waiting.add(part);
    if (!this.clear || this.drainAsked) return;
    this.drainAsked = true;
    setImmediate(() => {
      this.drainAsked = false;
      this.drainWaiting();
    });
  }

  reserve(points: number): boolean {
    this.pendingPoints += points;
    return this.pendingPoints * PENDING_POINT_BYTES <= (this.limits.bufferBytes * 3) / 4;
  }

  /** The connection is over: nothing is written any more. */
  end(): void {
    this.socket.off('drain', this.onDrain);
    this.waiting = null;
    this.texts = null;
    this.streaming = null;
    this.streamingBytes = 0;
  }

  private readonly onDrain = (): void => {
    this.stream();
    if (this.clear) this.drainWaiting();
  };

  /** Long messages go out fragment by fragment, as the client takes them. */
  private stream(): void {
    for (;;) {
      if (this.socket.writableNeedDrain) return;
      if (this.streaming === null) {
        const text = this.texts?.shift();
        if (text === undefined) {
          this.texts = null;
          return;
        }
        this.streaming = fragments(text);
        this.streamingBytes = text.length;
      }
      const next = this.streaming.next();
      if (next.done === true) {
        this.streaming = null;
        this.streamingBytes = 0;
      } else this.send(next.value);
    }
  }

  private drainWaiting(): void {
    const { waiting } = this;
    if (waiting !== null) {
      for (const part of waiting) {
        if (!this.clear || this.ws.readyState !== this.ws.OPEN) return;
        waiting.delete(part);
        part.drain();
      }
    }
    if (this.clear) this.onClear();
  }
}
