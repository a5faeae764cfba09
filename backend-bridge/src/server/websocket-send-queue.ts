import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { LongMessages, LongWriter } from './long-messages';
import { fragmentFrame, textFrame } from '../live/frame';
import type { Drains, LiveSink } from '../live/live-sink';

/** What one pending point of a slow client is counted as: its key, value, revision and place in two maps. */
const PENDING_POINT_BYTES = 128;

export interface OutboxLimits {
  /** Unsent bytes, pending points included, that one client may have. */
  readonly bufferBytes: number;
}

/** The client that an outbox writes to, as far as the outbox asks it. */
export interface SendQueueOwner {
  readonly holder: string;
  /** The client has taken enough that more may be done for it. */
  onWritable(): void;
  subscriptionFailed(id: string, error: unknown): void;
}

/** A message that goes out piece by piece, as the client takes them. */
interface LongMessage {
  readonly pieces: Iterator<string>;
  readonly over: () => void;
  /** The piece to write next; one is always known ahead, because the last fragment says that it is the last. */
  next: string;
  begun: boolean;
}

/**
 * Writes to one client. Frames go to the socket itself, since they are built once for many clients; ws only
 * adds its control frames, each in one piece. A quarter of the buffer unsent: the client lags, and what is
 * new waits as pending points, for which there is the rest.
 */
export class SendQueue implements LiveSink, LongWriter {
  private waiting: Set<Drains> | null = null;
  /** Long messages, the first one under way, and short ones behind them. */
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

  /** Bytes not taken by the client yet, pending points as estimated; long messages are made when it takes them. */
  get queuedBytes(): number {
    return this.socket.writableLength + this.pendingPoints * PENDING_POINT_BYTES;
  }

  /** Messages of which the client has not been sent everything. */
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
    // Most are short, and out at once.
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

  /** The connection is over: nothing is written any more. */
  end(): void {
    this.socket.off('drain', this.onDrain);
    this.waiting = null;
    this.long.remove(this);
    for (const { over } of this.messages.splice(0)) over();
  }

  subscriptionFailed(id: string, error: unknown): void {
    this.owner.subscriptionFailed(id, error);
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
