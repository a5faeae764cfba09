/** Fields of a metric's meta hash that say where its changes are, in the order of parseStoredChanges(). */
export const CHANGE_FIELDS = ['epoch', 'chan', 'run', 'run_before', 'run_from'] as const;

/** Where the changes of a metric are in Redis. */
export interface StoredChanges {
  /** Null: the metric is gone. */
  readonly epoch: string | null;
  /** Number of the newest change. */
  readonly number: number;
  /** The run of numbers given by one Redis process without a break, random text (functions.lua). */
  readonly run: string;
  readonly runBefore: string;
  /** The last number of the run before. */
  readonly runFrom: number;
}

export function parseStoredChanges(values: readonly (string | null)[]): StoredChanges {
  const [epoch = null, number, run, runBefore, runFrom] = values;
  return {
    epoch,
    number: Number(number ?? 0),
    run: run ?? '',
    runBefore: runBefore ?? '',
    runFrom: Number(runFrom ?? 0),
  };
}

/** A run begins at a multiple of this (functions.lua): the number of a change says which run it is of. */
const RUN_NUMBERS = 2 ** 32;

/**
 * What this bridge has seen of one metric's changes in the present epoch, by messages, reads and answers to its own
 * writes. Numbers, revisions and series ids only grow while Redis keeps what it acknowledged: where it has less than
 * was seen, it lost some, and what was read before no longer fits what will be read.
 */
export class SeenChanges {
  private run = '';
  private newest = 0;
  private topicId = '';
  private readonly applied = new Map<number, number>();

  /** Nothing was seen yet in an epoch that was just entered. */
  enter({ run, number }: StoredChanges): void {
    this.run = run;
    this.newest = number;
    this.applied.clear();
  }

  /** For the function `open`; an empty run: nothing was seen. */
  get position(): { readonly run: string; readonly number: number } {
    return { run: this.run, number: this.newest };
  }

  /** Whether a change is of the run that is seen now; one of another run says nothing before agreesWith() was asked. */
  isOfRun(number: number): boolean {
    return Math.floor(number / RUN_NUMBERS) === Math.floor(this.newest / RUN_NUMBERS);
  }

  /** A change of this number was seen. */
  see(number: number): void {
    if (number > this.newest && this.isOfRun(number)) this.newest = number;
  }

  /** Everything of the topic's partition up to this offset was acknowledged to this bridge; -1: nothing was. */
  appliedTo(topicId: string, partition: number): number {
    return topicId === this.topicId ? (this.applied.get(partition) ?? -1) : -1;
  }

  acknowledge(topicId: string, partition: number, offset: number): void {
    if (topicId !== this.topicId) this.applied.clear();
    this.topicId = topicId;
    if (offset > this.appliedTo(topicId, partition)) this.applied.set(partition, offset);
  }

  /**
   * False when changes that were seen are not there. `leastNumber`: `position.number` from before the command was sent
   * that found this, as its answer may come after a message that is newer.
   */
  agreesWith(found: StoredChanges, leastNumber: number): boolean {
    if (found.run !== this.run) {
      if (found.runBefore !== this.run || this.newest > found.runFrom) return false;
      this.run = found.run;
    }
    if (found.number < leastNumber) return false;
    this.newest = Math.max(this.newest, found.number);
    return true;
  }
}
