/** Fields of a metric's meta hash with its change position, in the order of parseStoredChanges(). */
export const CHANGE_FIELDS = ['epoch', 'chan', 'run', 'run_before', 'run_from'] as const;

/** Change position of a metric in Redis. */
export interface StoredChanges {
  /** Null: the metric is gone. */
  readonly epoch: string | null;
  /** Number of the newest change. */
  readonly number: number;
  /** Random id of the run of numbers assigned by one Redis process without interruption (functions.lua). */
  readonly run: string;
  readonly runBefore: string;
  /** Last number of the previous run. */
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

/** Runs begin at multiples of this (functions.lua), so that a change number identifies its run. */
const RUN_NUMBERS = 2 ** 32;

/**
 * What this bridge has seen of one metric's changes in the current epoch, by messages, reads and replies to its own
 * writes. Numbers, revisions and series ids only grow while Redis keeps acknowledged data; when it has less than was
 * seen, it lost some, and earlier reads no longer match later ones.
 */
export class SeenChanges {
  private run = '';
  private newest = 0;
  private topicId = '';
  private readonly applied = new Map<number, number>();

  /** Resets to the position of a newly entered epoch. */
  enter({ run, number }: StoredChanges): void {
    this.run = run;
    this.newest = number;
    this.applied.clear();
  }

  /** Arguments for the function `open`; an empty run when nothing was seen. */
  get position(): { readonly run: string; readonly number: number } {
    return { run: this.run, number: this.newest };
  }

  /** Whether a change belongs to the current run; one of another run is invalid until agreesWith() was checked. */
  isOfRun(number: number): boolean {
    return Math.floor(number / RUN_NUMBERS) === Math.floor(this.newest / RUN_NUMBERS);
  }

  /** Records a change number as seen. */
  see(number: number): void {
    if (number > this.newest && this.isOfRun(number)) this.newest = number;
  }

  /** Last offset of the topic's partition acknowledged to this bridge; -1: none. */
  appliedTo(topicId: string, partition: number): number {
    return topicId === this.topicId ? (this.applied.get(partition) ?? -1) : -1;
  }

  acknowledge(topicId: string, partition: number, offset: number): void {
    if (topicId !== this.topicId) this.applied.clear();
    this.topicId = topicId;
    if (offset > this.appliedTo(topicId, partition)) this.applied.set(partition, offset);
  }

  /**
   * False when seen changes are missing. `leastNumber`: `position.number` from before the command was sent, as its
   * reply may arrive after a newer message.
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
