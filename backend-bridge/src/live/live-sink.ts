/** A client as the hub sees it; server/ has one per connection. */
export interface LiveSink {
  /** Budget key for what is read and sent for the client. */
  readonly holder: string;
  /** False while the client lags; changes are then kept pending, the newest value per point. */
  readonly writable: boolean;
  /** Writes one or more complete frames now, even when not writable. Frames may be shared between clients. */
  send(frames: Buffer): void;
  /** Writes one short message. */
  sendText(text: string): void;
  /**
   * Writes one message of any length; pieces are encoded as the client reads. `over` is called once, when the message
   * is sent or the connection is closed.
   */
  sendPieces(pieces: Iterator<string>, over: () => void): void;
  /** Requests a drain() call once the client is writable. */
  waitFor(part: Drains): void;
  /** Reserves room for pending points; false when there is none left. Negative numbers release room. */
  reserve(points: number): boolean;
  /** Reports that a live subscription ended with this error. */
  subscriptionFailed(id: string, error: unknown): void;
  /** The definition of its metric has changed: the subscription has ended, and the client is to have one by the new definition. */
  metricChanged(id: string): void;
}

export interface Drains {
  /** Sends pending changes; called when the sink is writable. */
  drain(): void;
}
