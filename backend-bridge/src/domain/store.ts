import type { StepColumns, StepNeeds } from './history/step-columns';
import type { Metric } from './metric';
import type { PointColumns, PointWrite, SeriesPoints } from './point';
import type { Progress } from './progress';
import { homePartition } from './revision';
import type { Series } from './series';

/**
 * Port of the stores (redis/, lmdb/), tested by one conformance suite. Every method rejects with UnavailableError when
 * the store does not answer; nothing is applied partially.
 */
export interface SeriesStore {
  readonly kind: 'redis' | 'lmdb';

  /** Steps of windows past the retention. Absent: this store keeps none. */
  readonly history?: HistoryStore;

  /**
   * Connects, checks layout version, eviction policy and metric shapes, and registers the metrics. Rejects with
   * StartRefusedError, which says what to change, when the store cannot be used.
   */
  start(): Promise<void>;

  /**
   * Takes these definitions in place of those it was made with: new metrics are registered, what is stored of changed
   * ones is brought in step, the others are no longer served; their points stay. Nothing may be asked of a metric that
   * is gone afterwards. Rejects with StartRefusedError where stored points forbid a change, as start() does, and
   * changes nothing then.
   */
  useMetrics(metrics: readonly Metric[]): Promise<void>;

  /** What does not keep the store from working, as sentences, e.g. another bridge with other definitions. */
  warnings?(): readonly string[];

  /** Random text that changes when the store was lost or rebuilt. Throws UnavailableError before the first start(). */
  epoch(): string;

  /**
   * Registers the current topic of a metric. Returns the topic's incarnations, the newest last. A new topic id, or more
   * partitions under the same id, makes a new one (starting at `ends` for the partitions there were, at 0 for new ones
   * and for a new id). Fewer partitions under the same id, or an id that was current before, is a stale view: the
   * result is `stale`, and the caller describes the topic again.
   */
  identifyTopic(metric: Metric, identity: TopicIdentity): Promise<TopicIncarnations | 'stale'>;

  /** Highest offset applied, for each partition of the metric's topic in its current identity; absent: none. */
  appliedOffsets(metric: Metric): Promise<ReadonlyMap<number, number>>;

  /** Stored position of each partition of the metric's topic, whichever bridge reads it; absent: none. */
  storedPositions(metric: Metric): Promise<ReadonlyMap<number, StoredPosition>>;

  /**
   * Announces a running bridge, and returns for each of the others that use this same store how often they have
   * announced themselves: a count that rises belongs to a bridge that is alive and shares the store. A bridge that
   * is not in the answer has another store, or has been silent for a minute.
   */
  announceBridge(bridgeId: string, others: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /**
   * Records that the log of a partition begins at `offset`: earlier records were deleted, and the store must not wait
   * for them. Never moves an applied offset back.
   */
  skipTo(metric: Metric, topicId: string, partition: number, offset: number): Promise<void>;

  /** Applies one slice of one partition atomically: points, revisions, applied offset, watermark, change message. */
  write(batch: WriteBatch): Promise<WriteOutcome>;

  /**
   * Records the readers' positions and advances the progress by the clock. Called about once a second by each reader.
   * Returns the partitions where the store lacks records before the reader's position, because it lost acknowledged
   * writes: they count as not fully read until the source has read them again.
   */
  reportPartitions(
    metric: Metric,
    topicId: string,
    reports: readonly PartitionReport[],
  ): Promise<readonly PartitionGap[]>;

  progress(metric: Metric): Promise<Progress>;

  /** Every series of the metric that may have points, in label order. Cached by the adapter when safe. */
  listSeries(metric: Metric): Promise<readonly Series[]>;

  /**
   * Points whose window start lies in [fromMs, toMs), in label order of their series; series without any are
   * absent. `seriesIds` null: all; ids are those that listSeries() gave in the same epoch, and a read during which it
   * changes rejects. Expired points (window end + retention <= nowMs) are left out.
   * Rejects with RequestError `range_too_large` past `maxPoints`.
   */
  read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]>;

  /** Subscribes to all changes of all metrics, whichever bridge wrote them. Returns a function that unsubscribes. */
  subscribe(listener: StoreListener): () => void;

  /**
   * Resolves when the store accepts writes, delivers changes and answers reads; rejects with an UnavailableError that
   * says why not.
   */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/** The history of metrics that have one (domain/history/tiers.ts). */
export interface HistoryStore {
  /** The boundary of sealed steps and windows, and the state of each tier. */
  state(metric: Metric): Promise<HistoryState>;

  /**
   * Steps of one tier that begin in [fromMs, toMs) and before the boundary, in label order of their series. The
   * boundary only moves ahead: who has read the windows before has with these steps every window once, if it takes
   * windows from `sealedBeforeMs` on.
   */
  readSteps(metric: Metric, request: StepsRequest): Promise<StepsAnswer>;

  /**
   * Makes steps of windows that no source sends, and moves the boundary to `toMs` unless it is past it. `toMs` divides
   * the steps of every tier; windows and steps of these series that are stored before it are replaced. Returns false,
   * and does nothing, where the metric was filled before. Absent: this store cannot.
   */
  fill?(metric: Metric, series: readonly FilledSeries[], toMs: number): Promise<boolean>;
}

/** Windows in order of their start, all before the boundary. */
export interface FilledSeries {
  readonly values: readonly string[];
  readonly windows: PointColumns;
}

export interface HistoryState {
  /** Windows that begin before this are sealed; 0: none. */
  readonly sealedBeforeMs: number;
  /** Whether `fill` has made steps. */
  readonly isFilled?: boolean;
  /** In the metric's order. */
  readonly tiers: readonly TierState[];
}

export interface TierState {
  readonly stepMs: number;
  readonly keepMs: number;
  /** The first complete step, where a tier that was added later begins. */
  readonly sinceMs: number;
  /** Number of sealed steps of all series, and their size in bytes. */
  readonly steps: number;
  readonly bytes: number;
}

export interface StepsRequest {
  readonly stepMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** As in ReadRequest. */
  readonly seriesIds: readonly number[] | null;
  readonly needs: StepNeeds;
  readonly maxPoints: number;
  readonly signal?: AbortSignal;
}

export interface StepsAnswer {
  readonly sealedBeforeMs: number;
  readonly series: readonly SeriesSteps[];
}

export interface SeriesSteps {
  readonly seriesId: number;
  readonly values: readonly string[];
  readonly steps: StepColumns;
}

export interface TopicIdentity {
  readonly topic: string;
  /** Topic id of the broker, or of the embedded pipeline. */
  readonly topicId: string;
  /** End offset (next to be written) of each partition, by partition number. */
  readonly ends: readonly number[];
}

export interface TopicIncarnations {
  readonly topicId: string;
  readonly partitions: number;
  /** Ascending; those of the current topic id only. `starts[p]` undefined: the partition did not exist then. */
  readonly incarnations: readonly { readonly number: number; readonly starts: readonly number[] }[];
}

/**
 * The incarnation of a record at this position. When partitions are added keys move, and for a while some producers use
 * the new partition count before the store knows it, others still the old one. So a keyed record outside its home
 * partition belongs to the incarnation whose partition count explains its placement; this keeps the records of a moved
 * key in order, whenever and however often they are read. `keyHash` 0: no key.
 */
export function incarnationOf(
  topic: TopicIncarnations,
  partition: number,
  offset: number,
  keyHash = 0,
): number {
  const { incarnations } = topic;
  let at = 0;
  for (let i = incarnations.length - 1; i > 0 && at === 0; i -= 1) {
    const start = incarnations[i]!.starts[partition];
    if (start !== undefined && offset >= start) at = i;
  }
  const explains = (i: number): boolean =>
    homePartition(keyHash, incarnations[i]!.starts.length) === partition;
  if (keyHash !== 0 && !explains(at)) {
    for (let i = at + 1; i < incarnations.length; i += 1) if (explains(i)) return incarnations[i]!.number;
    for (let i = at - 1; i >= 0; i -= 1) if (explains(i)) return incarnations[i]!.number;
  }
  return incarnations[at]!.number;
}

export interface WriteBatch {
  readonly metric: Metric;
  readonly topicId: string;
  readonly partition: number;
  /** Current partition count of the topic, for keys that moved when partitions were added. */
  readonly partitions: number;
  /** The slice covers the offsets [fromOffset, toOffset], including those without a record. */
  readonly fromOffset: number;
  readonly toOffset: number;
  /** In order of offset; at most 500. Empty when no record of the slice produced a point. */
  readonly points: readonly PointWrite[];
  /** Newest event time in the slice; null when it has none. */
  readonly maxEventMs: number | null;
  /** The writer's clock. */
  readonly nowMs: number;
}

export type WriteOutcome =
  | {
      readonly kind: 'applied';
      /** Points that changed. */
      readonly accepted: number;
      /** Replays: the stored point is from the same or a later record. */
      readonly ignored: number;
      /** Points past the retention on arrival. */
      readonly expired: number;
      /** Accepted points whose window was already final. */
      readonly corrected: number;
      /** Indexes into `points` that belong to another key: a mapping error. */
      readonly conflicts: readonly number[];
      /** Indexes into `points` of new series past the metric's cap. */
      readonly overCap: readonly number[];
    }
  /** The slice begins after the next offset the store needs; read again from there. Nothing was written. */
  | { readonly kind: 'gap'; readonly neededOffset: number }
  /** The topic's identity differs from the batch; describe it again. Nothing was written. */
  | { readonly kind: 'stale_topic' }
  /** The store was lost or rebuilt: its topics must be identified again. Nothing was written. */
  | { readonly kind: 'store_lost' };

export interface StoredPosition {
  /** Next offset that the store lacks. */
  readonly next: number;
  /** When a reader last reported the partition, by that reader's clock; null: never. */
  readonly reportedMs: number | null;
}

export interface PartitionReport {
  readonly partition: number;
  /** Next offset of the reader: the store has acknowledged everything before it. */
  readonly position: number;
  /** True when the reader is at the log's end. */
  readonly atEnd: boolean;
  readonly nowMs: number;
}

/** A partition that must be read again. */
export interface PartitionGap {
  readonly partition: number;
  /** The next offset that the store needs. */
  readonly neededOffset: number;
}

export interface ReadRequest {
  readonly fromMs: number;
  readonly toMs: number;
  readonly seriesIds: readonly number[] | null;
  readonly nowMs: number;
  readonly maxPoints: number;
  /** Aborts when the points are no longer needed; the read then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One changed point with its series. */
export interface PointChange {
  readonly seriesId: number;
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly measures: readonly (number | undefined)[];
  readonly removed: boolean;
  readonly revision: number;
  readonly updatedMs: number;
  readonly firstSeenMs: number;
}

/** Why listeners read again after HistoryStore.fill. */
export const STEPS_FILLED = 'steps_filled';

export interface StoreListener {
  /** Called after points were stored. Also called without points when only the progress moved. */
  onChanges(metric: Metric, changes: readonly PointChange[], progress: Progress): void;
  /** Called when changes may have been missed, or steps were filled in; the store must be read again. */
  onGap(metric: Metric, reason: string): void;
  /** Called when the store was lost or rebuilt; all revisions are invalid. */
  onEpoch(epoch: string): void;
}
