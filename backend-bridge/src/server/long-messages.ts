/** A connection with long messages to write. */
export interface LongWriter {
  /** Encodes and writes one piece. False: no more pieces, or the client lags. */
  writePiece(): boolean;
}

/** Time spent on pieces per turn of the event loop. */
const TURN_MS = 8;

/** Writes long messages of all connections piece by piece, round robin, so that none blocks the event loop. */
export class LongMessages {
  private readonly writers = new Set<LongWriter>();
  private scheduled = false;

  add(writer: LongWriter): void {
    this.writers.add(writer);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.run);
  }

  remove(writer: LongWriter): void {
    this.writers.delete(writer);
  }

  private readonly run = (): void => {
    const ends = performance.now() + TURN_MS;
    for (const writer of this.writers) {
      // Back to the end of the queue if there is more.
      this.writers.delete(writer);
      if (writer.writePiece()) this.writers.add(writer);
      if (performance.now() >= ends) break;
    }
    this.scheduled = this.writers.size > 0;
    if (this.scheduled) setImmediate(this.run);
  };
}
