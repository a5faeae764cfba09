import type { Hop } from './errors';
import type { Filter } from './selection';

/** The port of a source of points: kafka/ or the embedded pipeline/. */
export interface Source {
  readonly kind: 'kafka' | 'embedded';
  /** Begins to read; resolves at once, the work goes on until stop(). */
  start(): Promise<void>;
  /** Finishes what is under way, commits, leaves the group. */
  stop(): Promise<void>;
  status(): SourceStatus;
  /** The store was lost: read everything again that it lacks. */
  storeLost(): void;
}

export interface PartitionStatus {
  readonly partition: number;
  /** True when this bridge reads it. */
  readonly owned: boolean;
  /** True when no bridge with this store reads it. */
  readonly unread?: boolean;
  /** Next offset to be read; of a partition that no bridge with this store reads, the one that the store lacks. */
  readonly position: number | null;
  readonly end: number | null;
  readonly lag: number | null;
}

/** The last record of a topic that could not be read. */
export interface LastDeadLetter {
  readonly reason: string;
  /** A sentence that says what to correct; may hold what the record holds. */
  readonly message: string;
  /** When the dead letter was written. */
  readonly timeMs: number;
  /** Whose mapping does not fit the record. */
  readonly metric: string;
  readonly partition: number;
  readonly offset: number;
}

export interface TopicStatus {
  readonly topic: string;
  readonly metric: string;
  readonly state: 'reading' | 'missing' | 'paused' | 'waiting';
  readonly reason: string | null;
  readonly partitions: readonly PartitionStatus[];
  readonly lastRecordMs: number | null;
  readonly records: number;
  /** Records of the topic that could not be read, for all of its metrics. */
  readonly deadLetters: number;
  readonly deadLettersByReason: ReadonlyMap<string, number>;
  readonly lastDeadLetter: LastDeadLetter | null;
}

/** Over the partitions that this bridge reads, and those that none does; null when that of one is unknown. */
export function lagOf(topic: TopicStatus): number | null {
  const counted = topic.partitions.filter(({ owned, unread }) => owned || unread);
  return counted.some((partition) => partition.lag === null)
    ? null
    : counted.reduce((sum, partition) => sum + (partition.lag ?? 0), 0);
}

export interface SourceStatus {
  /**
   * True when the consumer has joined its group (with or without partitions) and knows who reads the others, or the
   * pipeline runs.
   */
  readonly ready: boolean;
  /** What a source that is not ready waits for; absent: to join its group, or to start. */
  readonly pending?: string;
  /** The hop that fails, with a sentence; null when none does. */
  readonly failing: { readonly hop: Hop; readonly message: string } | null;
  readonly topics: readonly TopicStatus[];
}

/** Events and profiles handed in by HTTP; the embedded pipeline only. */
export interface Ingest {
  /**
   * Accepts what it can, of what the caller's fixed filters allow. Resolves when the accepted ones would survive a
   * crash; rejects when none of them is counted.
   */
  events(events: readonly unknown[], tenant: readonly Filter[]): Promise<IngestResult>;
  /** Rejects with RequestError when the profile cannot be used, or `forbidden` where the fixed filters exclude it. */
  profile(userId: string, profile: unknown, tenant: readonly Filter[]): Promise<void>;
}

export interface IngestResult {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}
