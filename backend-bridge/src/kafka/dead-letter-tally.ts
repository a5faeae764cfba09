import type { LastDeadLetter } from '../domain/source';
import type { DeadLetter } from './dead-letters';

/** The dead letters of one topic since the bridge started: how many for each reason, and the last one. */
export class DeadLetterTally {
  private readonly counts = new Map<DeadLetter['reason'], number>();
  private newest: LastDeadLetter | null = null;

  get byReason(): ReadonlyMap<string, number> {
    return this.counts;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get last(): LastDeadLetter | null {
    return this.newest;
  }

  /** `timeMs`: when they were written to the dead-letter topic. */
  add(letters: readonly DeadLetter[], timeMs: number): void {
    for (const { reason } of letters) this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    const last = letters.at(-1);
    if (last === undefined) return;
    const { reason, message, metric, partition, offset } = last;
    this.newest = { reason, message: message.slice(0, LONGEST_MESSAGE), timeMs, metric, partition, offset };
  }
}

/** Characters of a message in the status and in a dead letter's header. */
export const LONGEST_MESSAGE = 1_000;
