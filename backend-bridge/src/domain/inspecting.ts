/** What a topic's records are, and what a mapping makes of them. Times in integer milliseconds UTC. */

/** A record as it was read. */
export interface ShownRecord {
  readonly partition: number;
  readonly offset: number;
  /** -1: none. */
  readonly timestampMs: number;
  /** Null: none. A key's window is behind its content. */
  readonly key: string | null;
  /** Null: a tombstone. */
  readonly value: string | null;
}

/** Records that become no point, for one reason. */
export interface RefusedRecords {
  readonly reason: string;
  readonly count: number;
  /** Of the newest of them: what is wrong, and where it lies. */
  readonly message: string;
  readonly partition: number;
  readonly offset: number;
}

/** One series of a preview: the newest value of each of its windows, ascending. */
export interface PreviewSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  /** Of the default measure; null: the record has none, or no finite one. */
  readonly values: readonly (number | null)[];
}

/** What records of a topic become by one metric of a mapping. */
export interface MappingOutcome {
  readonly metric: string;
  readonly topic: string;
  /** Records that were read; each is a point, a removal or a dead letter. */
  readonly records: number;
  readonly points: number;
  readonly removals: number;
  readonly deadLetters: readonly RefusedRecords[];
  /** What the records show together and no dead letter says, such as a dimension that none of them has; sentences. */
  readonly warnings: readonly string[];
  /** Points and removals of windows that were final by the records before them: corrections. */
  readonly late: number;
  /** Points and removals that are not stored, because their retention is over. */
  readonly expired: number;
  /** At most a few series and points. */
  readonly series: readonly PreviewSeries[];
  /** Why nothing could be read of the topic, in a sentence; null: it was. */
  readonly problem: string | null;
}

export interface Inspection {
  readonly topic: string;
  readonly partitions: number;
  readonly recordsRead: number;
  /** The newest few. */
  readonly records: readonly ShownRecord[];
  /** A metrics file for this topic, with the reason for each guess as comments. */
  readonly mapping: string;
  /** What the records do not show, as sentences: a person has to look at it. */
  readonly doubts: readonly string[];
  /** What the proposed mapping makes of the records that were read. */
  readonly outcome: MappingOutcome;
}

export interface MappingCheck {
  /** Every fault of the mapping, with its place; empty: the bridge would start with it. */
  readonly faults: readonly string[];
  /** By metric; empty where there are faults, or no Kafka. */
  readonly outcomes: readonly MappingOutcome[];
}

/** Looks at topics of Kafka without writing anything. */
export interface Inspector {
  /**
   * Proposes a mapping for a topic. Rejects with RequestError (`not_found`, `not_inspectable`) and UnavailableError.
   */
  inspect(topic: string): Promise<Inspection>;
  /** Says what the newest records of each topic become by a metrics file's text. Rejects with UnavailableError. */
  check(metricsFile: string): Promise<MappingCheck>;
}
