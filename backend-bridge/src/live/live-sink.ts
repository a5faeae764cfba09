/** A client as the hub sees it; server/ has one for each connection. */
export interface LiveSink {
  /** Whose budget counts what is read and sent for the client. */
  readonly holder: string;
  /** False while the client lags: what is new is then kept as pending, newest value by point. */
  readonly writable: boolean;
  /** Writes one or more whole frames now, whether clear or not. Frames may be shared between clients. */
  send(frames: Buffer): void;
  /** Writes one short message. */
  sendText(text: string): void;
  /**
   * Writes one message of any length; each piece is made when the client has room for it. `over` is called once, when
   * the message is out or the connection is over.
   */
  sendPieces(pieces: Iterator<string>, over: () => void): void;
  /** Asks for drain() once the client is clear. */
  waitFor(part: Drains): void;
  /** Takes room for pending points; false when the client has no more. Negative numbers give room back. */
  reserve(points: number): boolean;
  /** A subscription that was live has ended, because of this error. */
  subscriptionFailed(id: string, error: unknown): void;
}

export interface Drains {
  /** Sends what is pending; called when the sink is clear. */
  drain(): void;
}
