/** A client as the hub sees it; server/ has one for each connection. */
export interface LiveSink {
  /** False while the client lags: what is new is then kept as pending, newest value by point. */
  readonly clear: boolean;
  /** Writes one or more whole frames now, whether clear or not. Frames may be shared between clients. */
  send(frames: Buffer): void;
  /** Writes one message of any length, in fragments where it is large. */
  sendText(text: string): void;
  /** Asks for drain() once the client is clear. */
  waitFor(part: Drains): void;
  /** Takes room for pending points; false when the client has no more. Negative numbers give room back. */
  reserve(points: number): boolean;
}

export interface Drains {
  /** Sends what is pending; called when the sink is clear. */
  drain(): void;
}
