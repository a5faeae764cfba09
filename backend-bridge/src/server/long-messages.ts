/** One connection with long messages to write. */
export interface LongWriter {
  /** Makes and writes one piece. False: it has no more, or waits for its client. */
  writePiece(): boolean;
}

/** Work on pieces in one turn of the event loop. */
const TURN_MS = 8;

/** Makes long messages of all connections piece by piece, each connection in turn, so that none holds the event loop. */
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
      // To the end of the order, if it goes on.
      this.writers.delete(writer);
      if (writer.writePiece()) this.writers.add(writer);
      if (performance.now() >= ends) break;
    }
    this.scheduled = this.writers.size > 0;
    if (this.scheduled) setImmediate(this.run);
  };
}
