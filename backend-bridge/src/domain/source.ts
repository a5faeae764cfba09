import type { Hop } from './errors';
import type { TopicMapping } from './mapping';
import type { Filter } from './selection';

/** Port of a source of points: kafka/ or the embedded pipeline/. */
export interface Source {
  readonly kind: 'kafka' | 'embedded';
  /** Starts reading in the background until stop(); resolves at once. */
  start(): Promise<void>;
  /** Finishes work in progress, commits, and leaves the group. */
  stop(): Promise<void>;
  status(): SourceStatus;
  /** Throws StartRefusedError where the source cannot read by these mappings; changes nothing. */
  checkMappings(mappings: readonly TopicMapping[]): void;
  /**
   * Reads by these mappings, which were checked, from now on. Resolves when nothing is written any more of a metric
   * that is not among them.
   */
  useMappings(mappings: readonly TopicMapping[]): Promise<void>;
  /** Called when the store was lost; re-reads everything that it lacks. */
  storeLost(): void;
}

export interface PartitionStatus {
  readonly partition: number;
  /** True when this bridge reads it. */
  readonly owned: boolean;
  /** True when no bridge with this store reads it. */
  readonly unread?: boolean;
  /** Next offset to read; for an unread partition the next offset that the store lacks. */
  readonly position: number | null;
  readonly end: number | null;
  readonly lag: number | null;
}

/** The last record of a topic that could not be read. */
export interface LastDeadLetter {
  readonly reason: string;
  /** A sentence that says what to correct; may quote the record. */
  readonly message: string;
  /** When the dead letter was written. */
  readonly timeMs: number;
  /** The metric whose mapping does not match the record. */
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

/** Lag over the partitions that this bridge reads and those that none reads; null when one is unknown. */
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
  /** What a source is waiting for; absent: to join its group, or to start. */
  readonly pending?: string;
  /** The failing hop with a sentence; null: none. */
  readonly failing: { readonly hop: Hop; readonly message: string } | null;
  readonly topics: readonly TopicStatus[];
}

/** Ingest of events and profiles over HTTP; embedded pipeline only. */
export interface Ingest {
  /**
   * Accepts valid events that the caller's tenant filters allow. Resolves when the accepted ones would survive a crash;
   * rejects when none of them is counted.
   */
  events(events: readonly unknown[], tenant: readonly Filter[]): Promise<IngestResult>;
  /** Rejects with RequestError for an invalid profile, or `forbidden` when the tenant filters exclude it. */
  profile(userId: string, profile: unknown, tenant: readonly Filter[]): Promise<void>;
}

export interface IngestResult {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}
