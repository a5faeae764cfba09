import type { Metric } from '../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';

export interface FedPoint {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs?: number;
  readonly measures?: readonly (number | undefined)[];
  readonly removed?: boolean;
}

/** Writes points as a source does: one partition, rising offsets, the watermark with them. */
export class Feeder {
  private readonly next = new Map<string, number>();

  constructor(private readonly store: SeriesStore) {}

  /** `maxEventMs`: the watermark that these records bring; null: none. */
  async write(metric: Metric, points: readonly FedPoint[], maxEventMs: number | null = null): Promise<void> {
    const topicId = `id-${metric.topic}`;
    if (!this.next.has(metric.name)) {
      await this.store.identifyTopic(metric, { topic: metric.topic, topicId, ends: [0] });
      this.next.set(metric.name, 0);
    }
    for (let at = 0; at < Math.max(1, points.length); at += 500) {
      const part = points.slice(at, at + 500);
      const fromOffset = this.next.get(metric.name)!;
      this.next.set(metric.name, fromOffset + Math.max(1, part.length));
      const outcome = await this.store.write({
        metric,
        topicId,
        partition: 0,
        partitions: 1,
        fromOffset,
        toOffset: fromOffset + Math.max(1, part.length) - 1,
        points: part.map((point, index) => ({
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
        nowMs: Date.now(),
      });
      if (outcome.kind !== 'applied' || outcome.conflicts.length > 0)
        throw new Error(JSON.stringify(outcome));
    }
  }
}

function hashOf(values: readonly string[]): number {
  let hash = 7;
  for (const char of values.join('\u0000')) hash = (hash * 31 + char.charCodeAt(0)) | 0;
  return hash === 0 ? 1 : hash;
}
