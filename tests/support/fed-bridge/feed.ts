import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';

/** A record as a test writes it. */
export interface FedPoint {
  /** One value for each dimension of the metric. */
  readonly values: readonly string[];
  readonly startMs: number;
  /** Default: the window's size after the start. */
  readonly endMs?: number;
  /** In the order of the metric's measures; undefined: absent. */
  readonly measures?: readonly (number | undefined)[];
  /** A tombstone. */
  readonly removed?: boolean;
}

const SLICE = 500;

/**
 * Writes records into a store as a source does: one topic of one partition for each metric, rising offsets, the
 * watermark with them. Resumes where the store is when it has been opened again.
 */
export class Feed {
  private readonly next = new Map<string, number>();

  constructor(
    private readonly store: () => SeriesStore,
    private readonly clock: Clock = Date.now,
  ) {}

  /** The store has been opened again; its positions are read again. */
  reopened(): void {
    this.next.clear();
  }

  /** `maxEventMs`: the watermark that these records bring; null: they do not move it. */
  async write(metric: Metric, points: readonly FedPoint[], maxEventMs: number | null = null): Promise<void> {
    const topicId = `id-of-${metric.topic}`;
    if (!this.next.has(metric.name)) {
      await this.store().identifyTopic(metric, { topic: metric.topic, topicId, ends: [0] });
      const applied = await this.store().appliedOffsets(metric);
      this.next.set(metric.name, (applied.get(0) ?? -1) + 1);
    }
    for (let at = 0; at < Math.max(1, points.length); at += SLICE) {
      const slice = points.slice(at, at + SLICE);
      const fromOffset = this.next.get(metric.name)!;
      const toOffset = fromOffset + Math.max(1, slice.length) - 1;
      this.next.set(metric.name, toOffset + 1);
      const outcome = await this.store().write({
        metric,
        topicId,
        partition: 0,
        partitions: 1,
        fromOffset,
        toOffset,
        points: slice.map((point, index) => ({
          values: point.values,
          startMs: point.startMs,
          endMs: point.endMs ?? point.startMs + metric.window.sizeMs,
          measures: metric.measures.map((_, measure) => point.measures?.[measure]),
          removed: point.removed ?? false,
          keyHash: hashOf(point.values),
          offset: fromOffset + index,
          incarnation: 1,
        })),
        maxEventMs,
        nowMs: this.clock(),
      });
      const whole = outcome.kind === 'applied' && outcome.conflicts.length + outcome.overCap.length === 0;
      if (!whole) throw new Error(`the store did not take a slice: ${JSON.stringify(outcome)}`);
    }
  }
}

/** Of a key; never 0, which means that a record has none. */
function hashOf(values: readonly string[]): number {
  let hash = 7;
  for (const char of values.join('\u0000')) hash = (hash * 31 + char.charCodeAt(0)) | 0;
  return hash === 0 ? 1 : hash;
}
