import type { SchemaSource } from '../decoding/format';
import { createRecordDecoder, type DecodedPoints } from '../decoding/record-decoder';
import type { SampledRecord } from '../decoding/topic-sample';
import { refusalOf, SchemaNeeded } from '../decoding/undecodable';
import type { MappingOutcome, PreviewSeries, RefusedRecords } from '../domain/inspecting';
import type { TopicMapping } from '../domain/mapping';
import type { PointWrite } from '../domain/point';

const MOST_SERIES = 8;
const MOST_POINTS = 240;

/** Newest values by series and window. */
class Preview {
  private readonly series = new Map<
    string,
    { values: readonly string[]; points: Map<number, number | null> }
  >();

  add({ values, startMs, removed, measures }: PointWrite): void {
    const id = JSON.stringify(values);
    let series = this.series.get(id);
    if (series === undefined) {
      series = { values, points: new Map() };
      this.series.set(id, series);
    }
    const value = measures[0];
    if (removed) series.points.delete(startMs);
    else series.points.set(startMs, value === undefined || !Number.isFinite(value) ? null : value);
  }

  /** Those with the most windows. */
  result(names: readonly string[]): PreviewSeries[] {
    return [...this.series.values()]
      .filter(({ points }) => points.size > 0)
      .sort((a, b) => b.points.size - a.points.size)
      .slice(0, MOST_SERIES)
      .map(({ values, points }) => {
        const newest = [...points].sort(([a], [b]) => a - b).slice(-MOST_POINTS);
        return {
          labels: Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])),
          times: newest.map(([time]) => time),
          values: newest.map(([, value]) => value),
        };
      });
  }
}

/**
 * What records of one topic become by a mapping, read by the bridge's own decoder. Throws SchemaNeeded for a schema
 * that is not fetched yet.
 */
export function outcomeOf(
  mapping: TopicMapping,
  records: readonly SampledRecord[],
  schemas: SchemaSource | null,
  nowMs: number,
): MappingOutcome {
  const { metric, topic } = mapping;
  const decoder = createRecordDecoder(mapping, { schemas, onUnsafeInteger: () => undefined });
  const watermarks = new Map<number, number>();
  const refused = new Map<string, RefusedRecords>();
  const preview = new Preview();
  const counts = { points: 0, removals: 0, late: 0, expired: 0 };
  for (const record of records) {
    const { partition, offset } = record;
    const decoded: DecodedPoints = { points: [], maxEventMs: null };
    try {
      decoder.decodeInto(decoded, record, 1, nowMs);
    } catch (error) {
      if (error instanceof SchemaNeeded) throw error;
      const { reason, message } = refusalOf(error);
      const count = (refused.get(reason)?.count ?? 0) + 1;
      refused.set(reason, { reason, count, message, partition, offset });
      continue;
    }
    const watermark = watermarks.get(partition) ?? Number.NEGATIVE_INFINITY;
    for (const point of decoded.points) {
      counts[point.removed ? 'removals' : 'points'] += 1;
      if (!metric.finalOnly && point.endMs + metric.window.graceMs <= watermark) counts.late += 1;
      if (point.endMs + metric.retentionMs <= nowMs) counts.expired += 1;
      preview.add(point);
    }
    watermarks.set(partition, Math.max(watermark, decoded.maxEventMs ?? watermark));
  }
  return {
    metric: metric.name,
    topic,
    records: records.length,
    ...counts,
    deadLetters: [...refused.values()].sort((a, b) => b.count - a.count),
    series: preview.result(metric.dimensions.map(({ name }) => name)),
    problem: null,
  };
}

/** Of a topic of which nothing could be read. */
export function unreadOutcome({ metric, topic }: TopicMapping, problem: string): MappingOutcome {
  return {
    metric: metric.name,
    topic,
    records: 0,
    points: 0,
    removals: 0,
    late: 0,
    expired: 0,
    deadLetters: [],
    series: [],
    problem,
  };
}
