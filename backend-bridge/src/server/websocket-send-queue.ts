import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { LongMessages, LongWriter } from './long-messages';
import { fragmentFrame, textFrame } from '../live/frame';
import type { Drains, LiveSink } from '../live/live-sink';

/** Estimated bytes of one pending point of a slow client: key, value, revision and two map entries. */
const PENDING_POINT_BYTES = 128;

export interface OutboxLimits {
  /** Most unsent bytes per client, pending points included. */
  readonly bufferBytes: number;
}

/** The client that a send queue writes to. */
export interface SendQueueOwner {
  readonly holder: string;
  /** Called when the queue has drained enough to handle more messages. */
  onWritable(): void;
  subscriptionFailed(id: string, error: unknown): void;
  metricChanged(id: string): void;
}

/** A message written piece by piece as the client reads. */
interface LongMessage {
  readonly pieces: Iterator<string>;
  readonly over: () => void;
  /** The next piece; read one ahead, because the last fragment carries the FIN bit. */
  next: string;
  begun: boolean;
}

/**
 * Writes to one client. Frames are built once for many clients and go straight to the socket; ws adds only control
 * frames. Once a quarter of the buffer is unsent the client lags, and new changes wait as pending points in the rest of
 * the buffer.
 */
export class SendQueue implements LiveSink, LongWriter {
  private waiting: Set<Drains> | null = null;
  /** Long messages, the first one in progress, and short messages queued behind them. */
  private messages: LongMessage[] = [];
  private pendingPoints = 0;
  private drainAsked = false;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly limits: OutboxLimits,
    private readonly long: LongMessages,
    private readonly owner: SendQueueOwner,
  ) {
    socket.on('drain', this.onDrain);
  }

  get holder(): string {
    return this.owner.holder;
  }

  get writable(): boolean {
    return this.messages.length === 0 && this.socket.writableLength < this.limits.bufferBytes / 4;
  }

  /** Unsent bytes, with an estimate for pending points. Long messages are encoded on demand and not counted. */
  get queuedBytes(): number {
    return this.socket.writableLength + this.pendingPoints * PENDING_POINT_BYTES;
  }

  /** Messages not completely sent. */
  get unsent(): number {
    return this.messages.length;
  }

  send(frames: Buffer): void {
    if (this.ws.readyState === this.ws.OPEN) this.socket.write(frames);
  }

  sendText(text: string): void {
    if (this.messages.length > 0) this.sendPieces([text].values(), () => undefined);
    else if (this.ws.readyState === this.ws.OPEN) this.socket.write(textFrame(text));
  }

  sendPieces(pieces: Iterator<string>, over: () => void): void {
    const first = pieces.next();
    if (this.ws.readyState !== this.ws.OPEN || first.done === true) {
      over();
      return;
    }
    this.messages.push({ pieces, over, next: first.value, begun: false });
    if (this.messages.length > 1) return;
    // Most messages are short and sent at once.
    if (this.writePiece()) this.long.add(this);
  }

  writePiece(): boolean {
    const [message] = this.messages;
    if (message === undefined || this.socket.writableNeedDrain) return false;
    const after = message.pieces.next();
    const last = after.done === true;
    this.send(fragmentFrame(message.next, !message.begun, last));
    message.begun = true;
    if (!last) {
      message.next = after.value;
      return !this.socket.writableNeedDrain;
    }
    this.messages.shift();
    message.over();
    if (this.writable) this.drainSoon();
    return this.messages.length > 0 && !this.socket.writableNeedDrain;
  }

  waitFor(part: Drains): void {
    this.waiting ??= new Set();
    this.waiting.add(part);
    if (this.writable) this.drainSoon();
  }

  reserve(points: number): boolean {
    this.pendingPoints += points;
    return this.pendingPoints * PENDING_POINT_BYTES <= (this.limits.bufferBytes * 3) / 4;
  }

  /** Ends the queue; nothing more is written. */
  end(): void {
    this.socket.off('drain', this.onDrain);
    this.waiting = null;
    this.long.remove(this);
    for (const { over } of this.messages.splice(0)) over();
  }

  subscriptionFailed(id: string, error: unknown): void {
    this.owner.subscriptionFailed(id, error);
  }

  metricChanged(id: string): void {
    this.owner.metricChanged(id);
  }

  private readonly onDrain = (): void => {
    if (this.messages.length > 0) this.long.add(this);
    else if (this.writable) this.drainWaiting();
  };

  private drainSoon(): void {
    if (this.drainAsked) return;
    this.drainAsked = true;
    setImmediate(() => {
      this.drainAsked = false;
      if (this.writable) this.drainWaiting();
    });
  }

  private drainWaiting(): void {
    const { waiting } = this;
    if (waiting !== null) {
      for (const part of waiting) {
        if (!this.writable || this.ws.readyState !== this.ws.OPEN) return;
        waiting.delete(part);
        part.drain();
      }
    }
    if (this.writable) this.owner.onWritable();
  }
}
